package statistics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestQuantile(t *testing.T) {
	x := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 0.5: 2.5, 1: 4, 1.0 / 3: 2, 0.9: 3.7} {
		if got := Quantile(x, q); math.Abs(got-want) > 1e-12 {
			t.Errorf("Quantile(%v, %v) = %v, want %v", x, q, got, want)
		}
	}
	if !math.IsNaN(Quantile(nil, 0.5)) || !math.IsNaN(Median(nil)) {
		t.Error("statistics of nothing are not NaN")
	}
}

// Known from tables of the sign test: n = 6 needs the whole range, n = 20 the 6th
// to the 15th value.
func TestMedianInterval(t *testing.T) {
	for _, c := range []struct {
		n         int
		low, high float64
		exact     bool
	}{{1, 1, 1, false}, {5, 1, 5, false}, {6, 1, 6, true}, {20, 6, 15, true}, {100, 40, 61, true}} {
		x := make([]float64, c.n)
		for i := range x {
			x[i] = float64(i + 1)
		}
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
		median, low, high, exact := MedianInterval(x, 0.95)
		if want := float64(c.n+1) / 2; median != want || low != c.low || high != c.high || exact != c.exact {
			t.Errorf("n=%d: %v in [%v, %v], exact %t; want %v in [%v, %v], %t", c.n, median, low, high, exact, want, c.low, c.high, c.exact)
		}
	}
}

func TestEvenly(t *testing.T) {
	list := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for n, want := range map[int][]int{0: {}, 1: {0}, 2: {0, 9}, 4: {0, 3, 6, 9}, 10: list, 50: list} {
		if got := Evenly(list, n); !slices.Equal(got, want) {
			t.Errorf("%d: got %v, want %v", n, got, want)
		}
	}
	if got := Evenly([]int(nil), 3); len(got) != 0 {
		t.Errorf("got %v of nothing", got)
	}
}
