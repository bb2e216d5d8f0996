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
	cores   *cores
	patience
}

// patience is how many looks a waiting worker takes before it sleeps, a look being
// a quarter of a nanosecond to one. Waking up takes up to 100 microseconds, in virtual
// machines above all: more than most steps.
type patience struct{ betweenSteps, betweenRuns int }

func newPool(workers int) *pool {
	if runtime.GOMAXPROCS(0) < workers {
		return startPool(workers, patience{}) // who spins keeps the others from running
	}
	return startPool(workers, patience{300_000, 200_000})
}

func startPool(workers int, patience patience) *pool {
	p := &pool{workers: workers, barrier: newBarrier(workers), cores: newCores(workers), patience: patience}
	var joined sync.WaitGroup
	for i := 1; i < workers; i++ {
		joined.Add(1)
		go func() {
			p.cores.join(i)
			joined.Done()
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
	joined.Wait()
	return p
}

// run calls work on every worker and returns when all are done. Inside, work may
// let the workers meet.
func (p *pool) run(work func(worker int)) {
	p.work = work
	if p.barrier.sleepers.Load() > 0 {
		p.cores.avoidCaller()
	}
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
	sleeping
}

func newBarrier(workers int) *barrier { return &barrier{workers: int32(workers)} }

func (b *barrier) wait(spins int) {
	phase := b.phase.Load()
	if b.arrived.Add(1) == b.workers {
		b.arrived.Store(0)
		b.phase.Add(1)
		if b.sleepers.Load() > 0 {
			b.wake(&b.phase)
		}
		return
	}
	for range spins {
		if b.phase.Load() != phase {
			return
		}
	}
	b.sleepers.Add(1) // before the last look, as the last to arrive writes and looks in the other order
	b.sleep(&b.phase, phase)
	b.sleepers.Add(-1)
}
