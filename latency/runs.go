package latency

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	runsTime   = 20 * time.Millisecond // of samples of one run in a round
	maxSamples = 20                    // of one run in a round
)

// MeasureRuns times whole models on this machine: each of runs is one inference.
// Rounds take them in random order, each after a run that warms up, until the floor
// of each was reached within 1 % in three of at least six rounds, rounds are many, or
// the budget is spent. The entries are in the order of runs. When ctx ends before each has an
// entry, the error is ctx's.
func MeasureRuns(ctx context.Context, runs []func(), s Settings) ([]Entry, error) {
	if s.Budget == 0 {
		s.Budget = defaultBudget
	}
	defer quiet(max(s.Threads, 1))()
	all := make([]series, len(runs))
	random, start, round := rand.New(rand.NewPCG(s.Seed, 2)), time.Now(), 0
	for ; round < 1 || time.Since(start) < s.Budget; round++ {
		open := 0
		for _, i := range random.Perm(len(runs)) {
			if all[i].done() {
				continue
			}
			if ctx.Err() != nil || round > 0 && time.Since(start) > s.Budget {
				break
			}
			open++
			all[i].add(sampleRun(runs[i]))
		}
		if open == 0 {
			break
		}
		if s.Progress != nil {
			p := Progress{Round: round + 1, Ops: len(runs), Elapsed: time.Since(start)}
			for i := range runs {
				if all[i].done() {
					p.Done++
				}
			}
			s.Progress(p)
		}
	}
	entries := make([]Entry, len(runs))
	for i := range all {
		if len(all[i].fastest) == 0 {
			return nil, fmt.Errorf("latency: measuring was stopped in round %d: %w", round, ctx.Err())
		}
		entries[i] = all[i].entry()
	}
	return entries, nil
}

// sampleRun warms up and takes a round's samples in ns.
func sampleRun(run func()) []float64 {
	once := func() float64 {
		start := time.Now()
		run()
		return max(float64(time.Since(start)), 1)
	}
	warm := once()
	n := min(max(int(float64(runsTime)/warm), 2), maxSamples)
	samples := make([]float64, n)
	for i := range samples {
		samples[i] = once()
	}
	return samples
}
