package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"nas/evaluator"
	"nas/evaluator/nn"
	"nas/results"
	"nas/space"
)

// Shares of the time that is left when a supernet is trained.
const (
	plannedShare = 0.75 // of training
	longestShare = 0.87 // where training ends though the machine was slower than it seemed
	keptShare    = 0.05 // by which a slower machine makes training longer before it makes it shorter
	scoresShare  = 0.08 // of scores; the rest is the surrogate's
)

// Scores of a search that is given a time: a surrogate of more takes longer than they.
const (
	leastScores = 64
	mostScores  = 400
)

// supernet makes the evaluator that scores slices, training what it slices. Where ctx
// has a deadline it takes so many steps that time is left to search.
func (a *app) supernet(ctx context.Context, e *scoring, s *space.Space, t evaluator.Training) error {
	own := *s
	own.Model.Vocabulary = t.Task.Vocabulary()
	union, _ := nn.Union(&own)
	a.phase("the supernet of %s: %s of memory", s.Name, results.Bytes(nn.TrainingBytes(union, t.Recipe.Batch, t.Recipe.Sequence)))
	form := nn.DefaultSupernetForm(t.Recipe.Steps)
	within := ctx
	deadline, limited := ctx.Deadline()
	begin := time.Now()
	if limited {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, share(longestShare, time.Until(deadline)))
		defer cancel()
	}
	kept, keptForm, err := nn.ReadRecipe(e.learning.supernet)
	switch {
	case e.learning.supernet != "" && err == nil && (e.steps == 0 || e.steps == kept.Steps): // it goes on as it began
		t.Recipe.Steps, t.Recipe.Warmup, form = kept.Steps, kept.Warmup, keptForm
		a.phase("going on from %s", e.learning.supernet)
	case e.learning.supernet != "" && err != nil && !errors.Is(err, os.ErrNotExist):
		return bad(err, "another --supernet FILE, or none, trains a new one")
	case limited && e.steps == 0:
		pace, err := evaluator.Rehearse(within, s, t)
		if err != nil {
			return a.untrained(ctx, t, e.learning.supernet, err)
		}
		left := time.Until(deadline)
		t.Recipe.Steps = pace.Steps(share(plannedShare, left))
		t.Recipe.Warmup, form = nn.DefaultRecipe(t.Recipe.Steps).Warmup, nn.DefaultSupernetForm(t.Recipe.Steps)
		if e.wanted == 0 {
			e.wanted = min(max(int(share(scoresShare, left)/max(pace.Score, 1)), leastScores), mostScores)
		}
		if err := e.settled(); err != nil {
			return err
		}
		t.Within = &evaluator.Within{Pace: pace, End: time.Now().Add(share(plannedShare+keptShare, left))}
		a.phase("the plan for %.0f s: %d steps in %.0f s, then at most %d scores in %.0f s and the search", left.Seconds(),
			t.Recipe.Steps, pace.Training(t.Recipe.Steps).Seconds(), e.wanted, (time.Duration(e.wanted) * pace.Score).Seconds())
	}
	net, err := evaluator.TrainSupernet(within, s, t, form, e.learning.supernet)
	if err != nil && ctx.Err() == nil && within.Err() != nil && net != nil && net.Steps() > 0 {
		err = net.Conclude()
	}
	if err != nil {
		return a.untrained(ctx, t, e.learning.supernet, err)
	}
	if net.Steps() < t.Recipe.Steps {
		e.warn(a, fmt.Sprintf("the machine was slower than it seemed: the supernet was trained for %d of %d steps", net.Steps(), t.Recipe.Steps))
	}
	a.phase("the supernet is trained: %d steps, %.0f s", net.Steps(), time.Since(begin).Seconds())
	net.Float, e.steps, e.evaluator = e.float, net.Steps(), net
	return nil
}

// untrained says why there is no supernet in file.
func (a *app) untrained(ctx context.Context, t evaluator.Training, file string, err error) error {
	var diverged *nn.Diverged
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return failed(errors.New("the time ended before the supernet was trained"), "a longer --time, or --supernet FILE with one that is trained")
	case ctx.Err() != nil:
		if _, err := os.Stat(file); err != nil {
			return failed(errors.New("stopped in the training of the supernet; nothing was kept"), "with --supernet FILE the same command goes on from where it was stopped")
		}
		return stopped("what the supernet has learnt is in "+file, "the same command goes on from there")
	case errors.As(err, &diverged):
		return failed(err, "a lower --rate than %g; a file of --supernet holds the last good state", t.Recipe.Rate)
	}
	return bad(err, "another --supernet FILE, or none, trains a new one")
}

func share(of float64, d time.Duration) time.Duration { return time.Duration(of * float64(d)) }
