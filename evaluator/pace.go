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

	planned int       // steps
	first   int       // step that was seen
	begun   time.Time // when it was done
}

// trust is the share of a plan's time that its pace counts for as if it had been seen, so
// that a stop early on does not make a training short for good.
const trust = 0.2

// fit gives the steps that fit after all, and how many of them train the whole alone:
// fewer than planned while the machine is slower than its pace, so that the learning rate
// ends low in time, and never more.
func (w *Within) fit(step, steps int, form nn.SupernetForm) (int, nn.SupernetForm) {
	now := time.Now()
	if w.begun.IsZero() {
		w.planned, w.first, w.begun = steps, step, now
		return steps, form
	}
	prior := trust * float64(w.Training(w.planned))
	slower := (float64(now.Sub(w.begun)) + prior) / (float64(w.between(w.first, step, form.Alone)) + prior)
	left := time.Duration(float64(w.End.Sub(now)) / max(slower, 1))
	alone := func(steps int) int {
		if step > form.Alone {
			return form.Alone // it is over
		}
		return max(step, nn.DefaultSupernetForm(steps).Alone)
	}
	steps = step + sort.Search(w.planned-step, func(n int) bool {
		return w.between(step, step+n+1, alone(step+n+1)) > left
	})
	form.Alone = alone(steps)
	return steps, form
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
