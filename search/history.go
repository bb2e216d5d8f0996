package search

import (
	"math"
	"slices"
)

// HistoryPoint is how far the front had come. Hypervolume is against a reference
// that stays the same during a search: the worst that its first evaluations gave.
type HistoryPoint struct {
	Evaluations int     `json:"evaluations"`
	Hypervolume float64 `json:"hypervolume"`
}

const (
	firstHistory  = 1024 // evaluations
	historyGrowth = 4    // a quarter more evaluations from one point to the next
)

// record keeps a point of history when it is due, and reports whether the front
// stands still: grew by less than r.Still of itself over a quarter more
// evaluations.
func (r *run) record() (still bool) {
	if len(r.objectives) < 2 || r.evaluated < r.nextHistory() || r.archive.size == 0 {
		return false
	}
	var points [][]float64
	r.archive.each(func(e entry) { points = append(points, e.costs) })
	scale := make([]float64, len(r.worst))
	for k := range scale {
		scale[k] = r.worst[k] - r.best[k]
	}
	p := HistoryPoint{r.evaluated, hypervolume(points, r.worst, scale)}
	r.history = append(r.history, p)
	r.share = p.Hypervolume
	for k, worst := range r.worst {
		low := worst
		for _, c := range points {
			low = min(low, c[k])
		}
		r.share /= max(worst-low, math.SmallestNonzeroFloat64)
	}
	return r.stands()
}

// stands reports whether the front stood still at the last point of history, and
// nothing was evaluated since.
func (r *run) stands() bool {
	n := len(r.history)
	if n < 2 || r.Still == 0 || r.history[n-1].Evaluations != r.evaluated {
		return false
	}
	last, before := r.history[n-1].Hypervolume, r.history[n-2].Hypervolume
	return last-before < r.Still*last
}

func (r *run) nextHistory() int {
	if len(r.history) == 0 {
		return firstHistory
	}
	last := r.history[len(r.history)-1].Evaluations
	return last + last/historyGrowth
}

// widen moves the reference and the ranges while there is no history yet.
func (r *run) widen(costs []float64) {
	if len(r.history) > 0 {
		return
	}
	if r.worst == nil {
		r.worst, r.best = slices.Clone(costs), slices.Clone(costs)
	}
	for i, v := range costs {
		r.worst[i], r.best[i] = max(r.worst[i], v), min(r.best[i], v)
	}
}
