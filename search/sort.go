package search

import (
	"slices"
	"sort"
)

// ranks sorts points (costs) into fronts: 0 is not dominated, 1 only by 0, and so
// on; equal points have equal ranks. Points are taken in lexicographic order, the
// front of each found by bisection (Zhang et al. 2015, ENS-BS), for two and three
// costs against the front's staircase: O(n log² n) comparisons.
func ranks(points [][]float64) []int {
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return slices.Compare(points[i], points[j]) })
	rank := make([]int, len(points))
	var fronts []*layer
	for at, i := range order {
		p := points[i]
		if at > 0 && slices.Equal(p, points[order[at-1]]) {
			rank[i] = rank[order[at-1]]
			continue
		}
		rank[i] = sort.Search(len(fronts), func(k int) bool { return !fronts[k].covers(p) })
		if rank[i] == len(fronts) {
			fronts = append(fronts, &layer{})
		}
		fronts[rank[i]].add(p)
	}
	return rank
}

// layer is one front of points that came in lexicographic order.
type layer struct {
	points [][]float64
	steps  staircase // of the second and third cost
}

func (l *layer) covers(p []float64) bool {
	switch len(p) {
	case 1:
		return true
	case 2:
		return l.points[len(l.points)-1][1] <= p[1]
	case 3:
		return l.steps.covers(p[1], p[2])
	}
	return slices.ContainsFunc(l.points, func(q []float64) bool { return covers(q, p) })
}

func (l *layer) add(p []float64) {
	l.points = append(l.points, p)
	if len(p) == 3 {
		l.steps.add(p[1], p[2])
	}
}
