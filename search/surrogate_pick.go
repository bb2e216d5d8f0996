package search

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

const (
	draws = 2000 // random architectures among which the sample is spread
	pool  = 256  // members of a predicted front that are weighed against each other
)

// spread is a sample of feasible architectures far from each other: from the front
// by the cheap score and from random ones, each next one the farthest from those
// before it (Gonzalez 1985).
func (r *surrogate) spread(ctx context.Context) ([]space.Genes, error) {
	cheap, err := Run(ctx, r.Problem, Settings{Evaluations: r.Inner, Seed: r.Seed, Workers: r.Workers, First: r.First})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var list []space.Genes
	add := func(g space.Genes) {
		if !seen[string(g)] {
			seen[string(g)] = true
			list = append(list, g)
		}
	}
	for _, m := range statistics.Evenly(cheap.Front, draws) {
		add(m.Genes)
	}
	random := rand.New(rand.NewPCG(r.Seed, 1))
	values := make([]float64, len(r.Objectives()))
	for range draws {
		if g := r.Space().Sample(random); r.Problem.Evaluate(g, values) == 0 {
			add(g)
		}
	}
	return farthest(r.places(list), list, min(r.Sample, r.Budget)), nil
}

// places are points of architectures: logarithms of what is cheap to know, and the
// shape, all from 0 to 1.
func (r *surrogate) places(list []space.Genes) [][]float64 {
	points := make([][]float64, len(list))
	values := make([]float64, len(r.Objectives()))
	for i, g := range list {
		r.Problem.Evaluate(g, values)
		var p []float64
		for k, v := range values {
			if k != r.score {
				p = append(p, math.Log(max(v, 1)))
			}
		}
		p = append(p, float64(g.Layers()))
		for _, v := range g[:space.GeneDepth] {
			p = append(p, float64(v))
		}
		sums := make([]float64, space.GenesLayer)
		for l := range g.Layers() {
			for k, v := range g.Layer(l) {
				sums[k] += float64(v)
			}
		}
		for _, v := range sums {
			p = append(p, v/float64(g.Layers()))
		}
		points[i] = p
	}
	if len(points) == 0 {
		return nil
	}
	for k := range points[0] {
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range points {
			low, high = min(low, p[k]), max(high, p[k])
		}
		for _, p := range points {
			p[k] = (p[k] - low) / max(high-low, 1e-9)
		}
	}
	return points
}

// farthest picks n of list, the first one first.
func farthest(points [][]float64, list []space.Genes, n int) (picked []space.Genes) {
	distance := make([]float64, len(points))
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	for at := 0; len(picked) < min(n, len(list)); {
		picked = append(picked, list[at])
		distance[at] = 0
		next := at
		for i, p := range points {
			d := 0.0
			for k, v := range p {
				d += (v - points[at][k]) * (v - points[at][k])
			}
			if distance[i] = min(distance[i], d); distance[i] > distance[next] {
				next = i
			}
		}
		if distance[next] == 0 {
			break
		}
		at = next
	}
	return picked
}

// promising searches on predictions and picks from that front what would add most
// hypervolume to the real one, if it were as good as hoped; one pick counts as real
// for the next (Ginsbourger et al. 2010, the Kriging believer).
func (r *surrogate) promising(ctx context.Context, real []Member) (picked []space.Genes, err error) {
	r.round++
	first := slices.Clone(r.First)
	for _, m := range real {
		first = append(first, m.Genes)
	}
	found, err := Run(ctx, r, Settings{Evaluations: r.Inner, Seed: r.Seed + r.round, Workers: r.Workers, First: first})
	if err != nil {
		return nil, err
	}
	var candidates []Member
	for _, m := range found.Front {
		if _, known := r.known[string(m.Genes)]; !known {
			candidates = append(candidates, m)
		}
	}
	candidates = statistics.Evenly(candidates, pool)
	points, reference := r.frame(real, candidates)
	for len(picked) < r.Batch && len(candidates) > 0 {
		best, gain := 0, math.Inf(-1)
		for i, m := range candidates {
			if v := Hypervolume(append(points, m.Values), r.Objectives(), reference); v > gain {
				best, gain = i, v
			}
		}
		picked = append(picked, candidates[best].Genes)
		points = append(points, candidates[best].Values)
		candidates = slices.Delete(candidates, best, best+1)
	}
	return picked, nil
}

// frame is the real front as points, and a reference that all points dominate.
func (r *surrogate) frame(real, hoped []Member) (points [][]float64, reference []float64) {
	for _, m := range append(slices.Clone(real), hoped...) {
		if reference == nil {
			reference = slices.Clone(m.Values)
		}
		for k, o := range r.Objectives() {
			if (m.Values[k] < reference[k]) == o.Maximise && m.Values[k] != reference[k] {
				reference[k] = m.Values[k]
			}
		}
	}
	for k, o := range r.Objectives() {
		margin := math.Abs(reference[k]) * 0.01
		if o.Maximise {
			margin = -margin
		}
		reference[k] += margin
	}
	for _, m := range real {
		points = append(points, m.Values)
	}
	return points, reference
}
