// Package statistics is the only place that computes a statistic, so that there is
// one definition of each.
package statistics

import (
	"math"
	"slices"

	"github.com/montanaflynn/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Median of x; NaN if x is empty.
func Median(x []float64) float64 {
	m, err := stats.Median(x)
	if err != nil {
		return math.NaN()
	}
	return m
}

// Quantile is the q-quantile of x by linear interpolation between order statistics
// (Hyndman & Fan 1996, type 7); NaN if x is empty.
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// MedianInterval is the median with the order statistics around it that hold the
// true median with a probability of at least confidence, whatever the
// distribution: exact by the binomial law. With too few values for that (fewer
// than 6 for 95 %) it is the whole range, and exact is false.
func MedianInterval(x []float64, confidence float64) (median, low, high float64, exact bool) {
	if len(x) == 0 {
		return math.NaN(), math.NaN(), math.NaN(), false
	}
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	law := distuv.Binomial{N: float64(n), P: 0.5}
	k := 0 // s[k] … s[n-1-k]: missed on either side with P(X <= k)
	for k+1 <= (n-1)/2 && 2*law.CDF(float64(k+1)) <= 1-confidence {
		k++
	}
	return Median(s), s[k], s[n-1-k], 2*law.CDF(float64(k)) <= 1-confidence
}

// Evenly is at most n of list, evenly by position, the first and the last included.
func Evenly[T any](list []T, n int) []T {
	if len(list) <= n {
		return slices.Clone(list)
	}
	chosen := make([]T, n)
	for i := range chosen {
		chosen[i] = list[i*(len(list)-1)/max(n-1, 1)]
	}
	return chosen
}
