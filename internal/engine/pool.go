package engine

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// pool is a fixed number of workers that go through the same list of steps
// together. The caller is worker 0; the others wait between runs.
type pool struct {
	workers int
	work    func(worker int) // of the run that starts at the next barrier; nil: end
	barrier *barrier
	patience
}

// patience is how many looks a waiting worker takes before it sleeps, a look
// being about a nanosecond. Waking up takes up to 100 microseconds, in virtual
// machines above all: more than most steps.
type patience struct{ betweenSteps, betweenRuns int }

func newPool(workers int) *pool {
	p := &pool{workers: workers, barrier: newBarrier(workers), patience: patience{300_000, 200_000}}
	if runtime.GOMAXPROCS(0) < workers {
		p.patience = patience{} // who spins keeps the others from running
	}
	for i := 1; i < workers; i++ {
		go func() {
			for {
				p.barrier.wait(p.betweenRuns)
				if p.work == nil {
					return
				}
				p.work(i)
				p.meet()
			}
		}()
	}
	return p
}

// run calls work on every worker and returns when all are done. Inside, work may
// let the workers meet.
func (p *pool) run(work func(worker int)) {
	p.work = work
	p.meet()
	work(0)
	p.meet()
}

// meet returns when all workers have called it.
func (p *pool) meet() { p.barrier.wait(p.betweenSteps) }

func (p *pool) close() {
	p.work = nil
	p.meet()
}

// share is the part [from, to) of units that a worker takes.
func (p *pool) share(worker, units int) (from, to int) {
	return worker * units / p.workers, (worker + 1) * units / p.workers
}

// barrier lets workers wait for each other: spinning, then asleep.
type barrier struct {
	workers  int32
	_        [60]byte // what is spun on stays off the line that arrivals write
	arrived  atomic.Int32
	_        [60]byte
	phase    atomic.Uint32
	sleepers atomic.Int32
	mutex    sync.Mutex
	changed  sync.Cond
}

func newBarrier(workers int) *barrier {
	b := &barrier{workers: int32(workers)}
	b.changed.L = &b.mutex
	return b
}

func (b *barrier) wait(spins int) {
	phase := b.phase.Load()
	if b.arrived.Add(1) == b.workers {
		b.arrived.Store(0)
		b.phase.Add(1)
		if b.sleepers.Load() > 0 {
			b.mutex.Lock()
			b.changed.Broadcast()
			b.mutex.Unlock()
		}
		return
	}
	for range spins {
		if b.phase.Load() != phase {
			return
		}
	}
	b.mutex.Lock()
	b.sleepers.Add(1) // before the last look, as the last to arrive writes and looks in the other order
	for b.phase.Load() == phase {
		b.changed.Wait()
	}
	b.sleepers.Add(-1)
	b.mutex.Unlock()
}
