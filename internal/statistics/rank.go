package statistics

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/montanaflynn/stats"
)

// KendallTau is tau-b of x and y (Kendall 1945); NaN where one of them does not
// vary. It takes len(x)² steps.
func KendallTau(x, y []float64) float64 {
	v, err := stats.KendallTau(x, y)
	if err != nil {
		return math.NaN()
	}
	return v
}

// Spearman is the rank correlation of x and y, ties sharing their mean rank; NaN
// where one of them does not vary.
func Spearman(x, y []float64) float64 {
	v, err := stats.Spearman(x, y)
	if err != nil || constant(x) || constant(y) {
		return math.NaN()
	}
	return v
}

func constant(x []float64) bool {
	return len(x) == 0 || slices.Min(x) == slices.Max(x)
}

// Mean of x; NaN if x is empty.
func Mean(x []float64) float64 {
	v, err := stats.Mean(x)
	if err != nil {
		return math.NaN()
	}
	return v
}

// StandardError is that of the mean of independent x; NaN below two values.
func StandardError(x []float64) float64 {
	v, err := stats.StandardDeviationSample(x)
	if err != nil || len(x) < 2 {
		return math.NaN()
	}
	return v / math.Sqrt(float64(len(x)))
}

// Residuals are what is left of y when the least squares line over x is taken away;
// y less its mean where x does not vary.
func Residuals(y, x []float64) []float64 {
	meanX, meanY := Mean(x), Mean(y)
	var covariance, variance float64
	for i, v := range x {
		covariance += (v - meanX) * (y[i] - meanY)
		variance += (v - meanX) * (v - meanX)
	}
	slope := 0.0
	if variance > 0 {
		slope = covariance / variance
	}
	rest := make([]float64, len(y))
	for i, v := range y {
		rest[i] = v - meanY - slope*(x[i]-meanX)
	}
	return rest
}

// Pairs of items that are held against each other: item I before item J.
type Pairs []struct{ I, J int32 }

// Near are the pairs of which the larger size is at most width (0.1 for 10 %)
// larger than the smaller one. Sizes are above 0.
func Near(sizes []float64, width float64) Pairs {
	order := make([]int32, len(sizes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch {
		case sizes[a] < sizes[b]:
			return -1
		case sizes[a] > sizes[b]:
			return 1
		}
		return 0
	})
	var pairs Pairs
	for k, i := range order {
		for _, j := range order[k+1:] {
			if sizes[j]-sizes[i] > width*sizes[i] {
				break
			}
			pairs = append(pairs, struct{ I, J int32 }{i, j})
		}
	}
	return pairs
}

// All are the pairs of n items.
func All(n int) Pairs {
	pairs := make(Pairs, 0, n*(n-1)/2)
	for i := range int32(n) {
		for j := i + 1; j < int32(n); j++ {
			pairs = append(pairs, struct{ I, J int32 }{i, j})
		}
	}
	return pairs
}

// Concordance is (concordant − discordant) / pairs: 1 where x orders all pairs as y
// does, 0 where it is a coin. A pair that one of them ties counts as neither. NaN
// without pairs.
func (p Pairs) Concordance(x, y []float64) float64 {
	sum := 0
	for _, q := range p {
		sum += agreement(x, y, q.I, q.J)
	}
	return float64(sum) / float64(len(p))
}

func agreement(x, y []float64, i, j int32) int {
	dx, dy := x[i]-x[j], y[i]-y[j]
	switch {
	case dx > 0 && dy > 0 || dx < 0 && dy < 0:
		return 1
	case dx > 0 && dy < 0 || dx < 0 && dy > 0:
		return -1
	}
	return 0
}

// maxSteps bounds the work of a bootstrap, which takes fewer rounds where there are
// millions of pairs.
const maxSteps = 2e8

// Bootstrap is the percentile interval of Concordance at a confidence, from rounds
// that draw the items (not the pairs, which depend on each other) with replacement
// (Efron 1979). Equal seeds give equal intervals.
func (p Pairs) Bootstrap(x, y []float64, rounds int, confidence float64, seed uint64) (low, high float64) {
	if len(p) == 0 {
		return math.NaN(), math.NaN()
	}
	signs := make([]int8, len(p))
	for k, q := range p {
		signs[k] = int8(agreement(x, y, q.I, q.J))
	}
	rounds = max(min(rounds, int(maxSteps/float64(len(p)))), 50)
	random := rand.New(rand.NewPCG(seed, 0))
	times := make([]int32, len(x))
	var values []float64
	for range rounds {
		clear(times)
		for range x {
			times[random.IntN(len(x))]++
		}
		sum, pairs := int64(0), int64(0)
		for k, q := range p {
			n := int64(times[q.I] * times[q.J])
			pairs += n
			sum += n * int64(signs[k])
		}
		if pairs > 0 {
			values = append(values, float64(sum)/float64(pairs))
		}
	}
	return Quantile(values, (1-confidence)/2), Quantile(values, (1+confidence)/2)
}
