package search

import (
	"context"
	"fmt"
)

// Conflict is two limits that exclude each other, though each alone can be met.
type Conflict struct {
	A, B Limit
	// BestA is the least of A within the limit of B, BestB the other way round.
	BestA, BestB float64
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("search: the limits of %s and %s exclude each other", c.A.Name, c.B.Name)
}

// Conflict looks for two limits that exclude each other: on the exact front of the
// two quantities no member is within both. It returns nil where there is none, or
// where the effort did not suffice to tell.
func (a *Additive) Conflict(ctx context.Context, s ExactSettings) *Conflict {
	if s.Effort == 0 {
		s.Effort = CertificateEffort
	}
	for i, x := range a.bounds {
		for _, y := range a.bounds[:i] {
			pair := *a
			pair.bounds, pair.objectives, pair.quantities = nil, nil, nil
			if pair.choose([]string{y.Name, x.Name}) != nil {
				continue
			}
			front, err := Exact(ctx, &pair, s)
			if err != nil {
				continue
			}
			c := Conflict{A: y.Limit, B: x.Limit}
			within := false
			for _, m := range front.Front {
				inA, inB := m.Values[0] <= c.A.Limit, m.Values[1] <= c.B.Limit
				within = within || inA && inB
				if inB && (c.BestA == 0 || m.Values[0] < c.BestA) {
					c.BestA = m.Values[0]
				}
				if inA && (c.BestB == 0 || m.Values[1] < c.BestB) {
					c.BestB = m.Values[1]
				}
			}
			if !within {
				return &c
			}
		}
	}
	return nil
}
