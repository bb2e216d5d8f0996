package evaluator

import (
	"context"
	"sync"

	"nas/space"
)

// Scored is what an evaluator said of one architecture.
type Scored struct {
	Score
	Err error
}

// All scores architectures, parallel of them at a time, and calls progress, if it is
// not nil, one call at a time. When ctx ends, those not begun have its error.
func All(ctx context.Context, e Evaluator, archs []space.Arch, parallel int, progress func(done int)) []Scored {
	list := make([]Scored, len(archs))
	next := make(chan int)
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range max(parallel, 1) {
		wait.Go(func() {
			for i := range next {
				if list[i].Err = ctx.Err(); list[i].Err == nil {
					list[i].Score, list[i].Err = e.Evaluate(ctx, archs[i])
				}
				mu.Lock()
				if done++; progress != nil {
					progress(done)
				}
				mu.Unlock()
			}
		})
	}
	for i := range archs {
		next <- i
	}
	close(next)
	wait.Wait()
	return list
}
