package search

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"nas/space"
)

// ErrTooLarge says that the exact front takes more effort than allowed.
var ErrTooLarge = errors.New("search: the exact front takes more effort than allowed")

// ErrNotSeparable says that a space's costs are no sums over layers: rotary tables
// of several head widths are shared among the layers of one architecture.
var ErrNotSeparable = errors.New("search: head widths are free per layer and share rotary tables: there is no exact front by sums")

// ExactSettings of Exact. Zero: one worker, no bound.
type ExactSettings struct {
	Workers  int
	Effort   int64               // partial architectures to look at, at most; 0: no bound
	Progress func(share float64) // how much is done, roughly; may be nil
}

// Exact finds the whole front of a problem that adds up, by dynamic programming over
// layers: for each hidden width and zone of streamed weights, the partial architectures
// that no other beats in every sum that matters, nor in what they need of the arena,
// are extended layer by layer. Of architectures with equal objectives it keeps one.
func Exact(ctx context.Context, a *Additive, s ExactSettings) (*Result, error) {
	e := &exact{Additive: a, effort: s.Effort, grain: a.grain()}
	programs, err := e.programs()
	if err != nil {
		return nil, err
	}
	found := make([][]space.Genes, len(programs))
	var next atomic.Int64
	told := e.telling(programs, s.Progress)
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(programs) || e.stopped(ctx) {
				return
			}
			found[i] = e.solve(ctx, programs[i], told)
		}
	}
	var wait sync.WaitGroup
	for range max(s.Workers, 1) {
		wait.Go(work)
	}
	wait.Wait()
	if e.tired() {
		return nil, ErrTooLarge
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return e.merge(found), nil
}

type exact struct {
	*Additive
	effort int64
	spent  atomic.Int64
	grain  float64 // of scores, which become whole numbers
}

// telling adds up how much of the programs is done.
func (e *exact) telling(programs []*program, progress func(share float64)) func(weight float64) {
	if progress == nil {
		return func(float64) {}
	}
	whole, done := 0.0, 0.0
	for _, p := range programs {
		whole += p.weight
	}
	var mu sync.Mutex
	return func(weight float64) {
		mu.Lock()
		defer mu.Unlock()
		done += weight
		progress(min(done/whole, 1))
	}
}

// grain is the power of two that makes scores whole numbers of at most 2^51 in sum, so
// that they are the same in any order of layers. Scores that are whole stay exact.
func (a *Additive) grain() float64 {
	most := func(parts []part) (m float64) {
		for i := range parts {
			m = max(m, math.Abs(parts[i].score))
		}
		return m
	}
	layer := most(a.layers)
	for _, scores := range a.position {
		for _, v := range scores {
			layer = max(layer, math.Abs(v))
		}
	}
	_, exponent := math.Frexp(most(a.stems) + layer*float64(slices.Max(a.space.Depth)))
	return math.Ldexp(1, 51-exponent)
}

func (e *exact) tired() bool { return e.effort > 0 && e.spent.Load() > e.effort }

func (e *exact) stopped(ctx context.Context) bool { return ctx.Err() != nil || e.tired() }

// merge is the front of what all programs found, with the figures that any search
// would give.
func (e *exact) merge(found [][]space.Genes) *Result {
	r := &run{problem: e.Additive, space: e.space, objectives: e.objectives}
	values := make([]float64, len(e.objectives))
	for _, list := range found {
		for _, g := range list {
			violation := e.Evaluate(g, values)
			r.insert(&child{genes: g, values: values, violation: violation})
		}
	}
	r.evaluated = int(e.spent.Load())
	return r.result(Proved)
}
