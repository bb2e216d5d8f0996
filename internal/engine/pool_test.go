package engine

import (
	"sync/atomic"
	"testing"
)

// Workers that sleep at every barrier do what those that spin do.
func TestPoolSleeps(t *testing.T) {
	for _, patience := range []patience{{}, {betweenSteps: 1000}, {betweenRuns: 1000}} {
		p := startPool(3, patience)
		var sum [2]atomic.Int64
		for run := range 500 {
			p.run(func(worker int) {
				sum[0].Add(1)
				p.meet()
				if got, want := sum[0].Load(), int64(3*(run+1)); got != want {
					t.Errorf("run %d: worker %d sees %d arrivals, want %d", run, worker, got, want)
				}
				p.meet()
				sum[1].Add(int64(worker))
			})
		}
		p.close()
		if got, want := sum[1].Load(), int64(500*3); got != want {
			t.Errorf("sum %d, want %d", got, want)
		}
	}
}
