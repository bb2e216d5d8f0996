// Package engine executes a space.Program on int8 weights: what a deployment would
// run, in exactly the memory that space.Plan says. Steps follow each other; the
// workers share the rows, columns or heads of each.
package engine

import (
	"fmt"
	"time"

	"nas/kernels"
	"nas/space"
)

// Options say how an Engine runs. Zero: one thread, generic kernels.
type Options struct {
	Threads int
	Kernels *kernels.Set
}

// Engine holds the memory of a model and runs its programs. It is not safe for
// concurrent use.
type Engine struct {
	set      *kernels.Set
	threads  int
	programs []*prepared
	memory   space.Memory
	arena    block
	cache    block
	pool     *pool
	position int

	// The run in progress: programs in turn, so many in all.
	turn    []*prepared
	repeats int
	tokens  []int32
	work    func(worker int)
	started time.Time
	ends    []int64 // nil, or when each step ended, in ns since started
}

// New allocates the memory of programs that share weights, arena and KV cache: an
// encoder's one, or a decoder's prefill and decode.
func New(w *Weights, o Options, programs ...*space.Program) (*Engine, error) {
	e, err := o.engine()
	if err != nil {
		return nil, err
	}
	m := &e.memory
	m.Weights = w.Bytes()
	for i, p := range programs {
		plan := space.Plan(p, e.threads)
		if i > 0 && plan.KV != m.KV {
			return nil, fmt.Errorf("engine: programs with caches of %d and %d bytes cannot share one", m.KV, plan.KV)
		}
		m.Arena, m.KV, m.Flash = max(m.Arena, plan.Arena), plan.KV, plan.Flash
	}
	work := allocate(m.Arena + m.KV)
	e.arena, e.cache = work.cut(m.Arena), work.cut(m.KV)
	for _, p := range programs {
		if err := e.add(p, w); err != nil {
			return nil, err
		}
		e.position = max(e.position, p.Workload.Context-1)
	}
	e.pool = newPool(e.threads)
	return e, nil
}

// engine is an Engine without memory and programs.
func (o Options) engine() (*Engine, error) {
	e := &Engine{set: o.Kernels, threads: max(o.Threads, 1)}
	e.work = e.worker
	if e.set == nil {
		set, err := kernels.For(kernels.Generic)
		if err != nil {
			return nil, err
		}
		e.set = set
	}
	return e, nil
}

// Close ends the workers.
func (e *Engine) Close() { e.pool.close() }

// Memory is what the engine allocated.
func (e *Engine) Memory() space.Memory {
	m := e.memory
	m.Arena, m.KV = len(e.arena.bytes), len(e.cache.bytes)
	return m
}

// SetPosition says at which position of the sequence, from 0, decode programs put
// their token. Without it that is the last one of the workload's context.
func (e *Engine) SetPosition(position int) { e.position = position }

// Run executes program i of those given to New and returns its result, which is
// valid until the next run. tokens are [batch][tokens] for a program that embeds
// any, else nil.
func (e *Engine) Run(i int, tokens []int32) ([]float32, error) {
	p := e.programs[i]
	if len(tokens) != p.tokens {
		return nil, fmt.Errorf("engine: %d tokens where the program takes %d", len(tokens), p.tokens)
	}
	for j, t := range tokens {
		if t < 0 || int(t) >= p.vocabulary {
			return nil, fmt.Errorf("engine: token %d is %d, outside the vocabulary of %d", j, t, p.vocabulary)
		}
	}
	if p.Workload.Phase == space.Decode && (e.position < 0 || e.position >= p.Workload.Context) {
		return nil, fmt.Errorf("engine: position %d is outside the context of %d", e.position, p.Workload.Context)
	}
	e.tokens = tokens
	e.execute(e.programs[i:i+1], 1)
	return p.result, nil
}

// execute runs the programs in turn, repeats runs in all.
func (e *Engine) execute(turn []*prepared, repeats int) {
	e.turn, e.repeats = turn, repeats
	if e.threads == 1 {
		e.worker(0)
	} else {
		e.pool.run(e.work)
	}
}

// worker executes its share of each step.
func (e *Engine) worker(worker int) {
	for r := range e.repeats {
		p := e.turn[r%len(e.turn)]
		for i := range p.steps {
			s := &p.steps[i]
			if from, to := e.pool.share(worker, s.units); from < to {
				s.run(e, s, p.scratch[worker], from, to)
			}
			if e.threads > 1 {
				e.pool.meet()
			}
			if worker == 0 && e.ends != nil {
				e.ends[i] = int64(time.Since(e.started))
			}
		}
	}
}
