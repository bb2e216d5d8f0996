package engine

import (
	"runtime"
	"sync/atomic"
)

// pool is a fixed number of workers that go through the same list of steps
// together. The caller is worker 0; the others sleep between runs.
type pool struct {
	workers int
	start   chan func(worker int)
	barrier barrier
}

func newPool(workers int) *pool {
	p := &pool{workers: workers, start: make(chan func(int)), barrier: barrier{workers: int32(workers)}}
	for i := 1; i < workers; i++ {
		go func() {
			for work := range p.start {
				work(i)
				p.barrier.wait()
			}
		}()
	}
	return p
}

// run calls work on every worker and returns when all are done. Inside, work may
// meet the others at p.barrier.
func (p *pool) run(work func(worker int)) {
	for range p.workers - 1 {
		p.start <- work
	}
	work(0)
	p.barrier.wait()
}

func (p *pool) close() { close(p.start) }

// share is the part [from, to) of units that a worker takes.
func (p *pool) share(worker, units int) (from, to int) {
	return worker * units / p.workers, (worker + 1) * units / p.workers
}

// barrier lets workers wait for each other. Steps are microseconds apart, so it
// spins, and yields its thread where that takes longer.
type barrier struct {
	workers int32
	arrived atomic.Int32
	phase   atomic.Uint32
}

func (b *barrier) wait() {
	phase := b.phase.Load()
	if b.arrived.Add(1) == b.workers {
		b.arrived.Store(0)
		b.phase.Add(1)
		return
	}
	for spins := 0; b.phase.Load() == phase; spins++ {
		if spins > 2000 {
			runtime.Gosched()
		}
	}
}
