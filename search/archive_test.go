package search

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The archive is the set that no other of all points given covers, each once, in
// blocks by the first cost, whatever the order.
func TestArchiveIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "costs")
		of := rapid.SampledFrom([]int{4, 60, 100000}).Draw(t, "different values")
		var a archive
		var all [][]float64
		for range rapid.IntRange(1, 500).Draw(t, "points") {
			p := make([]float64, n)
			for k := range p {
				p[k] = float64(rapid.IntRange(0, of).Draw(t, "cost"))
			}
			if n > 1 && rapid.Bool().Draw(t, "near the front") {
				p[n-1] = float64(n * of)
				for _, v := range p[:n-1] {
					p[n-1] -= v
				}
			}
			covered := slices.ContainsFunc(all, func(q []float64) bool { return covers(q, p) })
			if got := a.dominated(p); got != covered {
				t.Fatalf("%v: dominated %t, want %t", p, got, covered)
			}
			if all = append(all, p); !covered {
				a.add(entry{costs: p})
			}
		}
		var want, got [][]float64
		for i, p := range all {
			if !slices.ContainsFunc(all, func(q []float64) bool { return covers(q, p) && !slices.Equal(q, p) }) &&
				!slices.ContainsFunc(all[:i], func(q []float64) bool { return slices.Equal(q, p) }) {
				want = append(want, p)
			}
		}
		a.each(func(e entry) {
			if len(got) > 0 && got[len(got)-1][0] > e.costs[0] {
				t.Fatalf("%v comes after %v", e.costs, got[len(got)-1])
			}
			got = append(got, e.costs)
		})
		slices.SortFunc(want, slices.Compare)
		slices.SortFunc(got, slices.Compare)
		if !slices.EqualFunc(got, want, slices.Equal) || a.size != len(want) {
			t.Fatalf("size %d, got %v, want %v", a.size, got, want)
		}
	})
}
