package search

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Sieves, orthants and stairs tell what comparing with every point before tells.
func TestSieveIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, maxDims).Draw(t, "costs")
		of := rapid.SampledFrom([]int{3, 12, 500}).Draw(t, "different values")
		same := rapid.SampledFrom([]int{-1, n - 1}).Draw(t, "same")
		if n == 1 {
			same = -1
		}
		var points [][maxDims]float64
		for range rapid.IntRange(1, 400).Draw(t, "points") {
			var p [maxDims]float64
			for k := range n {
				p[k] = float64(rapid.IntRange(0, of).Draw(t, "cost"))
			}
			points = append(points, p)
		}
		s := sieve{n: n, same: same}
		if rapid.Bool().Draw(t, "expected") {
			s.expect(points)
		}
		slices.SortFunc(points, func(a, b [maxDims]float64) int { return slices.Compare(a[:], b[:]) })
		for i, p := range points {
			want := slices.ContainsFunc(points[:i], func(q [maxDims]float64) bool {
				return covers(q[:n], p[:n]) && (same < 0 || q[same] == p[same])
			})
			if got := s.covers(p[:n]); got != want {
				t.Fatalf("%v after %v: covered %t, want %t", p, points[:i], got, want)
			}
			if got := s.keep(p[:n]); got == want {
				t.Fatalf("%v after %v: kept %t", p, points[:i], got)
			}
		}
	})
}

// Stairs take points in any order.
func TestStairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SampledFrom([]int{5, 1000, 1 << 30}).Draw(t, "different values")
		value := rapid.IntRange(0, of)
		var s stairs
		var points [][]float64
		for range rapid.IntRange(1, 1000).Draw(t, "points") {
			p := []float64{float64(value.Draw(t, "x")), 0}
			p[1] = float64(value.Draw(t, "y"))
			if rapid.Bool().Draw(t, "near the line") {
				p[1] = float64(of) - p[0]
			}
			want := !slices.ContainsFunc(points, func(q []float64) bool { return covers(q, p) })
			if got := s.add(p[0], p[1]); got != want {
				t.Fatalf("%v: taken %t, want %t", p, got, want)
			}
			points = append(points, p)
		}
	})
}
