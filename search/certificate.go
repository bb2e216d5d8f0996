package search

import (
	"context"
	"slices"
)

// CertificateEffort is how many partial architectures a certificate may look at: some
// seconds of a core that looks at 15 million a second.
const CertificateEffort = 120_000_000

// Certificate says how far a front is from the exact one of its problem.
type Certificate struct {
	Hypervolume float64 // as a share of the exact front's, the reference being the exact front's worst
	Points      int     // of the exact front that were found
	Of          int
}

// Certify holds what was found against the exact front. The error says why there is
// none: ErrTooLarge, or what Exact says of problems that do not add up.
func Certify(ctx context.Context, a *Additive, found *Result, s ExactSettings) (*Certificate, error) {
	if s.Effort == 0 {
		s.Effort = CertificateEffort
	}
	exact, err := Exact(ctx, a, s)
	if err != nil {
		return nil, err
	}
	return Compare(exact, found, a.objectives), nil
}

// Compare holds a front against the exact one.
func Compare(exact, found *Result, objectives []Objective) *Certificate {
	c := &Certificate{Of: len(exact.Front)}
	if c.Of == 0 {
		c.Hypervolume = 1 // nothing can be missed
		return c
	}
	reference := slices.Clone(exact.Front[0].Values)
	values := func(r *Result) (list [][]float64) {
		for _, m := range r.Front {
			list = append(list, m.Values)
		}
		slices.SortFunc(list, slices.Compare)
		return slices.CompactFunc(list, slices.Equal)
	}
	truth, points := values(exact), values(found)
	for _, v := range truth {
		for i, o := range objectives {
			if o.Maximise == (v[i] < reference[i]) {
				reference[i] = v[i]
			}
		}
	}
	for _, p := range points {
		if _, ok := slices.BinarySearchFunc(truth, p, slices.Compare); ok {
			c.Points++
		}
	}
	costs := func(list [][]float64) [][]float64 {
		out := make([][]float64, len(list))
		for i, v := range list {
			out[i] = costOf(v, objectives)
		}
		return out
	}
	limit := costOf(reference, objectives)
	scale := make([]float64, len(limit))
	for _, v := range costs(truth) {
		for k := range v {
			scale[k] = max(scale[k], limit[k]-v[k])
		}
	}
	if whole := hypervolume(costs(truth), limit, scale); whole > 0 {
		c.Hypervolume = hypervolume(costs(points), limit, scale) / whole
	} else {
		c.Hypervolume = float64(c.Points) / float64(c.Of) // a front of corners has no volume
	}
	return c
}
