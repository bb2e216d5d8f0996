package evaluator

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sort"
	"time"

	"nas/evaluator/nn"
	"nas/space"
)

// Pace is what a supernet costs on this machine.
type Pace struct {
	Alone, Together time.Duration // of one step: of the whole alone, and with slices
	Score           time.Duration // of one architecture, where as many as there are processors are scored at a time
}

// Training is the time that steps take.
func (p Pace) Training(steps int) time.Duration {
	return p.between(0, steps, nn.DefaultSupernetForm(steps).Alone)
}

// Steps are as many as fit into a time, at least one.
func (p Pace) Steps(within time.Duration) int {
	const most = 1_000_000
	return max(1, sort.Search(most, func(n int) bool { return p.Training(n+1) > within }))
}

// Within keeps a training to a time on a machine that may turn out slower than its pace.
type Within struct {
	Pace
	End time.Time // of the training

	begun time.Time // when the step before the first was done
	first int
}

// fit gives the steps, and how many of the whole alone, that still fit, never more than
// there were. They are fewer where what is left would take a twentieth longer than there
// is time, so that the learning rate ends low in time.
func (w *Within) fit(step, steps int, form nn.SupernetForm) (int, nn.SupernetForm) {
	now := time.Now()
	if w.begun.IsZero() {
		w.begun, w.first = now, step
		return steps, form
	}
	expected := w.between(w.first, step, form.Alone)
	const enough = 10 // steps, before they say what the machine is like
	if step-w.first < enough || expected <= 0 {
		return steps, form
	}
	slower := float64(now.Sub(w.begun)) / float64(expected)
	left := time.Duration(float64(w.End.Sub(now)) / slower)
	if w.between(step, steps, form.Alone) <= left+left/20 {
		return steps, form
	}
	alone := func(steps int) int {
		if step >= form.Alone {
			return form.Alone // it is over
		}
		return max(step, nn.DefaultSupernetForm(steps).Alone)
	}
	n := step + sort.Search(steps-step, func(n int) bool {
		return w.between(step, step+n+1, alone(step+n+1)) > left
	})
	form.Alone = alone(n)
	return n, form
}

// between is the time of the steps after from, up to to, of which those up to alone
// train the whole alone.
func (p Pace) between(from, to, alone int) time.Duration {
	n := min(max(alone-from, 0), to-from)
	return time.Duration(n)*p.Alone + time.Duration(to-from-n)*p.Together
}

// Rehearse trains a supernet for a few steps and scores with it, all thrown away, to
// see what they cost.
func Rehearse(ctx context.Context, s *space.Space, t Training) (p Pace, err error) {
	const alone, together = 4, 6 // steps; the first of each, which fill caches, do not count
	var ends [1 + alone + together]time.Time
	t.Recipe.Steps, t.Recipe.Warmup = alone+together, 0
	form := nn.DefaultSupernetForm(t.Recipe.Steps)
	form.Alone = alone
	t.Progress = func(p nn.Progress) { ends[p.Step] = time.Now() }
	net, err := TrainSupernet(ctx, s, t, form, "")
	if err != nil {
		return p, err
	}
	p.Alone = ends[alone].Sub(ends[1]) / (alone - 1)
	p.Together = ends[alone+together].Sub(ends[alone+1]) / (together - 1)
	var archs []space.Arch
	r := rand.New(rand.NewPCG(t.Recipe.Seed, 0))
	for range 4 * runtime.NumCPU() {
		archs = append(archs, s.Arch(s.Sample(r)))
	}
	begin := time.Now()
	for _, scored := range All(ctx, net, archs, runtime.NumCPU(), nil) {
		err = errors.Join(err, scored.Err)
	}
	p.Score = time.Since(begin) / time.Duration(len(archs))
	return p, err
}
