package search

import (
	"cmp"
	"slices"
)

// Hypervolume is the measure of what points dominate within reference (Zitzler &
// Thiele 1998), exact for two and three objectives, an estimate for more (see polar).
// Points beyond the reference count nothing.
func Hypervolume(points [][]float64, objectives []Objective, reference []float64) float64 {
	limit, costs := costOf(reference, objectives), make([][]float64, len(points))
	scale := make([]float64, len(limit))
	for i, p := range points {
		costs[i] = costOf(p, objectives)
		for k, v := range costs[i] {
			scale[k] = max(scale[k], limit[k]-v)
		}
	}
	return hypervolume(costs, limit, scale)
}

func costOf(values []float64, objectives []Objective) []float64 {
	c := slices.Clone(values)
	for i, o := range objectives {
		if o.Maximise {
			c[i] = -c[i]
		}
	}
	return c
}

// hypervolume is that of costs; scale, the ranges of the costs, matters to the
// estimate alone.
func hypervolume(costs [][]float64, limit, scale []float64) float64 {
	if len(limit) > 3 {
		if slices.Min(scale) <= 0 {
			return 0
		}
		return polar(costs, limit, scale)
	}
	var inside [][]float64
	for _, c := range costs {
		if covers(c, limit) {
			inside = append(inside, c)
		}
	}
	if len(limit) == 2 {
		return area(inside, limit)
	}
	if len(limit) != 3 {
		panic("search: the hypervolume is for two objectives and more")
	}
	// Slices along the last cost: between two levels the area of what lies below.
	slices.SortFunc(inside, func(a, b []float64) int { return cmp.Compare(a[2], b[2]) })
	volume, below := 0.0, staircase{limit: [2]float64{limit[0], limit[1]}}
	for i, p := range inside {
		below.add(p[0], p[1])
		top := limit[2]
		if i+1 < len(inside) {
			top = inside[i+1][2]
		}
		if top > p[2] {
			volume += (top - p[2]) * below.area
		}
	}
	return volume
}

func area(points [][]float64, limit []float64) float64 {
	s := staircase{limit: [2]float64{limit[0], limit[1]}}
	for _, p := range points {
		s.add(p[0], p[1])
	}
	return s.area
}

// staircase is a non-dominated set in two costs, by the first one, and the area
// between it and limit.
type staircase struct {
	steps [][2]float64
	limit [2]float64
	area  float64
}

// covers reports whether a step is at most x, y in both costs.
func (s *staircase) covers(x, y float64) bool {
	return s.covered(s.find(x), x, y)
}

func (s *staircase) covered(i int, x, y float64) bool {
	return i > 0 && s.steps[i-1][1] <= y || i < len(s.steps) && s.steps[i][0] == x && s.steps[i][1] <= y
}

// find is the first step that is not below x in the first cost.
func (s *staircase) find(x float64) int {
	low, high := 0, len(s.steps)
	for low < high {
		if middle := (low + high) / 2; s.steps[middle][0] < x {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// add reports whether no step covers x, y, and takes it in.
func (s *staircase) add(x, y float64) bool {
	i := s.find(x)
	if s.covered(i, x, y) {
		return false
	}
	height, from, j := s.limit[1], x, i
	if i > 0 {
		height = s.steps[i-1][1]
	}
	for ; j < len(s.steps) && s.steps[j][1] >= y; j++ {
		s.area += (s.steps[j][0] - from) * (height - y)
		from, height = s.steps[j][0], s.steps[j][1]
	}
	to := s.limit[0]
	if j < len(s.steps) {
		to = s.steps[j][0]
	}
	s.area += (to - from) * (height - y)
	s.steps = slices.Replace(s.steps, i, j, [2]float64{x, y})
	return true
}
