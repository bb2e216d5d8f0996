package search

import (
	"math"
	"slices"
)

// Best picks n points, or all if they are fewer: again and again the one that adds
// most hypervolume to those picked before, so that the better of two likes goes first
// and no end of a front is lost.
func Best(points [][]float64, objectives []Objective, n int) (picked []int) {
	if len(points) == 0 {
		return nil
	}
	reference := slices.Clone(points[0])
	for _, p := range points {
		for k, o := range objectives {
			if (p[k] < reference[k]) == o.Maximise {
				reference[k] = p[k]
			}
		}
	}
	for k, o := range objectives { // beyond the worst, so that each of them counts
		span := 0.0
		for _, p := range points {
			span = max(span, math.Abs(p[k]-reference[k]))
		}
		if o.Maximise {
			span = -span
		}
		reference[k] += 0.1 * span
	}
	var chosen [][]float64
	for len(picked) < min(n, len(points)) {
		best, gain := -1, math.Inf(-1)
		for i, p := range points {
			if slices.Contains(picked, i) {
				continue
			}
			if v := Hypervolume(append(chosen, p), objectives, reference); v > gain {
				best, gain = i, v
			}
		}
		picked, chosen = append(picked, best), append(chosen, points[best])
	}
	return picked
}
