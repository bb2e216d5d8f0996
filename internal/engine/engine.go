// Package engine executes a space.Program on int8 weights: what a deployment would
// run, in exactly the memory that space.Plan says. Steps follow each other; the
// workers share the rows, columns or heads of each.
package engine

import (
	"fmt"
	"math/rand/v2"

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
	weights  *Weights
	set      *kernels.Set
	threads  int
	programs []*prepared
	arena    block
	cache    block
	pool     *pool
	position int

	current *prepared // of the run in progress
	tokens  []int32
	work    func(worker int)
}

// New allocates the memory of programs that share weights, arena and KV cache: an
// encoder's one, or a decoder's prefill and decode.
func New(w *Weights, o Options, programs ...*space.Program) (*Engine, error) {
	e := &Engine{weights: w, set: o.Kernels, threads: max(o.Threads, 1)}
	if e.set == nil {
		set, err := kernels.For(kernels.Generic)
		if err != nil {
			return nil, err
		}
		e.set = set
	}
	arena, cache := 0, 0
	for i, p := range programs {
		plan := space.Plan(p, e.threads)
		if i > 0 && plan.KV != cache {
			return nil, fmt.Errorf("engine: programs with caches of %d and %d bytes cannot share one", cache, plan.KV)
		}
		arena, cache = max(arena, plan.Arena), plan.KV
		e.programs = append(e.programs, &prepared{Program: p, plan: plan})
	}
	e.arena, e.cache = allocate(arena), allocate(cache)
	for _, p := range e.programs {
		if err := p.bind(e); err != nil {
			return nil, err
		}
		e.position = max(e.position, p.Workload.Context-1)
	}
	e.pool = newPool(e.threads)
	e.work = e.worker
	return e, nil
}

// Close ends the workers.
func (e *Engine) Close() { e.pool.close() }

// Memory is what the engine allocated.
func (e *Engine) Memory() space.Memory {
	return space.Memory{Weights: e.weights.Bytes(), Arena: len(e.arena.bytes), KV: len(e.cache.bytes), Flash: e.programs[0].plan.Flash}
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
	e.current, e.tokens = p, tokens
	if e.threads == 1 {
		e.worker(0)
	} else {
		e.pool.run(e.work)
	}
	return p.result, nil
}

// worker executes its share of each step.
func (e *Engine) worker(worker int) {
	p := e.current
	for i := range p.steps {
		s := &p.steps[i]
		if from, to := e.pool.share(worker, s.units); from < to {
			s.run(e, s, p.scratch[worker], from, to)
		}
		if e.threads > 1 {
			e.pool.barrier.wait()
		}
	}
}

// FillRandom puts normal values into every buffer and cache of program i: for
// timing a step, or a decode without its prefill.
func (e *Engine) FillRandom(i int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	p := e.programs[i]
	for _, b := range p.floats {
		for j := range b {
			b[j] = float32(r.NormFloat64())
		}
	}
	for _, heads := range p.caches {
		for h := range heads {
			kv := &heads[h]
			x := make([]float32, kv.HeadWidth)
			for token := range kv.Capacity {
				for j := range x {
					x[j] = float32(r.NormFloat64())
				}
				e.set.KVStore(kv, token, x, x)
			}
		}
	}
}
