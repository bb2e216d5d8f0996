package search

import (
	"cmp"
	"slices"
)

// Hypervolume is the measure of what points dominate within reference (Zitzler &
// Thiele 1998), exact for two and three objectives. Points beyond the reference
// count nothing.
func Hypervolume(points [][]float64, objectives []Objective, reference []float64) float64 {
	if len(objectives) != 2 && len(objectives) != 3 {
		panic("search: Hypervolume is for two or three objectives")
	}
	cost := func(p []float64) []float64 {
		c := slices.Clone(p)
		for i, o := range objectives {
			if o.Maximise {
				c[i] = -c[i]
			}
		}
		return c
	}
	limit := cost(reference)
	var inside [][]float64
	for _, p := range points {
		if c := cost(p); covers(c, limit) {
			inside = append(inside, c)
		}
	}
	if len(objectives) == 2 {
		return area(inside, limit)
	}
	// Slices along the last cost: between two levels the area of what lies below.
	slices.SortFunc(inside, func(a, b []float64) int { return cmp.Compare(a[2], b[2]) })
	volume := 0.0
	var below staircase
	for i, p := range inside {
		below.add(p[0], p[1])
		top := limit[2]
		if i+1 < len(inside) {
			top = inside[i+1][2]
		}
		if top > p[2] {
			volume += (top - p[2]) * below.area(limit)
		}
	}
	return volume
}

func area(points [][]float64, limit []float64) float64 {
	var s staircase
	for _, p := range points {
		s.add(p[0], p[1])
	}
	return s.area(limit)
}

// staircase is a non-dominated set in two costs, by the first one.
type staircase [][2]float64

func (s *staircase) add(x, y float64) {
	i, _ := slices.BinarySearchFunc(*s, x, func(p [2]float64, x float64) int { return cmp.Compare(p[0], x) })
	if i > 0 && (*s)[i-1][1] <= y || i < len(*s) && (*s)[i][0] == x && (*s)[i][1] <= y {
		return
	}
	j := i
	for j < len(*s) && (*s)[j][1] >= y {
		j++
	}
	*s = slices.Replace(*s, i, j, [2]float64{x, y})
}

func (s staircase) area(limit []float64) float64 {
	sum, height := 0.0, limit[1]
	for _, p := range s {
		sum += (limit[0] - p[0]) * (height - p[1])
		height = p[1]
	}
	return sum
}
