package evaluator

import (
	"context"

	"nas/space"
)

// Halving is successive halving (Jamieson & Talwalkar 2016): all architectures are
// trained for a budget, the better half of them anew for twice as much, and so on.
// Each training is one of its own, whose learning rate ends low, so that scores of one
// rung compare and a rung can be looked up where it was scored before.
type Halving struct {
	Rungs    int                                              // budgets: 1 trains all once
	At       func(rung int) Evaluator                         // scores for the budget of a rung, from 0
	Better   func(alive []int, scores []float64, n int) []int // which n of the alive go on, as places in alive
	Progress func(rung, done, of int)                         // may be nil
}

// Rung is how far an architecture came, and its score there.
type Rung struct {
	Scored
	Rung int
}

// Run gives the last rung of every architecture. One without a score goes no further.
// When ctx ends, what was not scored keeps the rung before.
func (h Halving) Run(ctx context.Context, archs []space.Arch) []Rung {
	last, alive := make([]Rung, len(archs)), make([]int, len(archs))
	for i := range alive {
		alive[i] = i
	}
	for rung := range h.Rungs {
		var these []space.Arch
		for _, i := range alive {
			these = append(these, archs[i])
		}
		var able []int
		var scores []float64
		for k, s := range All(ctx, h.At(rung), these, 1, func(done int) {
			if h.Progress != nil {
				h.Progress(rung, done, len(these))
			}
		}) {
			if rung > 0 && s.Err != nil && ctx.Err() != nil {
				continue
			}
			if last[alive[k]] = (Rung{s, rung}); s.Err == nil {
				able, scores = append(able, alive[k]), append(scores, s.Value)
			}
		}
		if ctx.Err() != nil || len(able) < 2 {
			break
		}
		alive = nil
		for _, k := range h.Better(able, scores, (len(able)+1)/2) {
			alive = append(alive, able[k])
		}
	}
	return last
}
