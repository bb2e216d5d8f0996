package search

import "math"

// Spread chooses n of points, well spread: the best in each objective, then again
// and again the one farthest from those chosen, every objective's range counting as
// one. It returns their indices in the order chosen; all where n is not smaller.
func Spread(points [][]float64, objectives []Objective, n int) []int {
	var chosen []int
	if len(points) == 0 || n < 1 {
		return nil
	}
	low, width := make([]float64, len(objectives)), make([]float64, len(objectives))
	for k := range objectives {
		high := math.Inf(-1)
		low[k] = math.Inf(1)
		for _, p := range points {
			low[k], high = min(low[k], p[k]), max(high, p[k])
		}
		if width[k] = high - low[k]; width[k] == 0 {
			width[k] = 1
		}
	}
	distance := make([]float64, len(points)) // to the nearest chosen one; -1: chosen
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	choose := func(i int) {
		if distance[i] < 0 || len(chosen) == n {
			return
		}
		chosen, distance[i] = append(chosen, i), -1
		for j, p := range points {
			d := 0.0
			for k := range objectives {
				x := (p[k] - points[i][k]) / width[k]
				d += x * x
			}
			distance[j] = min(distance[j], d)
		}
	}
	for k, o := range objectives {
		best := 0
		for i, p := range points {
			if o.Maximise == (p[k] > points[best][k]) && p[k] != points[best][k] {
				best = i
			}
		}
		choose(best)
	}
	for len(chosen) < min(n, len(points)) {
		far := -1
		for i, d := range distance {
			if d >= 0 && (far < 0 || d > distance[far]) {
				far = i
			}
		}
		choose(far)
	}
	return chosen
}
