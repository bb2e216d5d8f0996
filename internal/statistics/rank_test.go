package statistics

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 && !(math.IsNaN(got) && math.IsNaN(want)) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// By hand: of the six pairs of ranks 1 2 3 4 and 1 2 4 3 one is discordant; a tie
// in one of them is counted by tau-b under the root.
func TestRankCorrelations(t *testing.T) {
	x := []float64{1, 2, 3, 4}
	near(t, "tau", KendallTau(x, []float64{1, 2, 4, 3}), 4.0/6)
	near(t, "tau with a tie", KendallTau(x, []float64{1, 2, 3, 3}), 5/math.Sqrt(30))
	near(t, "rho", Spearman(x, []float64{1, 2, 4, 3}), 0.8)
	near(t, "tau of a constant", KendallTau(x, []float64{5, 5, 5, 5}), math.NaN())
	near(t, "rho of a constant", Spearman(x, []float64{5, 5, 5, 5}), math.NaN())
	near(t, "mean", Mean(x), 2.5)
	near(t, "standard error", StandardError([]float64{1, 3}), 1)
	near(t, "standard error of one", StandardError([]float64{1}), math.NaN())
}

func TestResiduals(t *testing.T) {
	for i, v := range Residuals([]float64{1, 3, 5, 8}, []float64{0, 1, 2, 3}) {
		near(t, "residual", v, []float64{0.2, -0.1, -0.4, 0.3}[i])
	}
	for i, v := range Residuals([]float64{1, 3}, []float64{7, 7}) {
		near(t, "residual over a constant", v, []float64{-1, 1}[i])
	}
}

func TestConcordance(t *testing.T) {
	sizes := []float64{100, 300, 110, 111, 105}
	pairs := Near(sizes, 0.10)
	if len(pairs) != 5 { // 100-105, 100-110, 105-110, 105-111, 110-111
		t.Fatalf("%d pairs within 10 %%: %v", len(pairs), pairs)
	}
	near(t, "of itself", pairs.Concordance(sizes, sizes), 1)
	near(t, "of a constant", pairs.Concordance(make([]float64, 5), sizes), 0)
	near(t, "one pair swapped", pairs.Concordance([]float64{100, 0, 111, 110, 105}, sizes), 3.0/5)
	near(t, "without pairs", Near(sizes, 0).Concordance(sizes, sizes), math.NaN())
}

// The interval of a proxy with noise holds its concordance, and holds zero for a
// proxy that knows nothing.
func TestBootstrap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n = 150
	sizes, truth, good, none := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range sizes {
		sizes[i] = math.Exp(r.Float64())
		truth[i] = r.NormFloat64()
		good[i] = truth[i] + r.NormFloat64()
		none[i] = r.NormFloat64()
	}
	pairs := Near(sizes, 0.1)
	for name, x := range map[string][]float64{"good": good, "none": none} {
		c := pairs.Concordance(x, truth)
		low, high := pairs.Bootstrap(x, truth, 500, 0.95, 1)
		if !(low < c && c < high) || high-low > 0.6 {
			t.Errorf("%s: %v outside its interval [%v, %v]", name, c, low, high)
		}
		if (low > 0) != (name == "good") {
			t.Errorf("%s: %v in [%v, %v]", name, c, low, high)
		}
		again, _ := pairs.Bootstrap(x, truth, 500, 0.95, 1)
		near(t, "again", again, low)
	}
}
