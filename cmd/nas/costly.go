package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"nas/evaluator"
	"nas/results"
	"nas/search"
	"nas/space"
)

// searchEvaluators are those that nas search takes. All but the first and the last are
// costly: a surrogate stands in for them, and only the most promising architectures are
// scored.
var searchEvaluators = []string{"capacity", "command", "train", "supernet", "table"}

// usualScores are those of a search that is given neither a number of them nor a time.
const usualScores = 200

func (h *hunt) costly() bool { return h.scoring.name != searchEvaluators[0] }

// openScores makes the scores of a search; of a replay those that are known.
func (f *find) openScores(ctx context.Context) (*keptScores, error) {
	s := &f.hunt.scoring
	s.seed = f.seed
	if s.name == "supernet" && s.learning.supernet == "" && f.study != "" {
		s.learning.supernet = f.study + ".supernet"
	}
	if f.study != "" {
		s.checkpoint = f.study + ".training"
	}
	s.settle = f.settle
	var err error
	if f.replay {
		err = s.pretend()
	} else {
		err = f.app.open(ctx, s, f.space, f.timings[0].workload, nil)
	}
	if err == nil {
		err = s.settled()
	}
	if err != nil {
		return nil, err
	}
	identity, err := f.identity()
	if err != nil {
		return nil, err
	}
	return keep(s.evaluator, f.keeper, identity)
}

// identity is that of the search's scores, of a replay the one that the study holds.
func (f *find) identity() (string, error) {
	s := &f.hunt.scoring
	switch {
	case f.keeper == nil:
		return s.identity(), nil
	case f.replay:
		settings, err := f.keeper.Settings()
		if err != nil {
			return "", studyFault(f.study, err)
		}
		return settings.Scoring, nil
	}
	return s.identity(), f.keeper.identify(s.identity())
}

// settle keeps in the study what was planned.
func (f *find) settle(s *scoring) error {
	if f.keeper == nil {
		return nil
	}
	for name, n := range map[string]int{"steps": s.steps, "scores": s.wanted} {
		if err := f.keeper.settle(name, strconv.Itoa(n)); err != nil {
			return studyFault(f.study, err)
		}
	}
	return nil
}

// pretend makes an evaluator that is only asked for its name and unit.
func (s *scoring) pretend() error {
	switch s.name {
	case "train":
		s.evaluator = evaluator.NewTrain(evaluator.Training{}, evaluator.Lessons{})
	case "supernet":
		s.evaluator = &evaluator.Supernet{Float: s.float}
	default:
		return (*app)(nil).open(context.Background(), s, nil, space.Workload{}, nil)
	}
	return nil
}

// fit is the surrogate of search.Costly.
func (f *find) fit(archs []space.Arch, scores []float64) (search.Prediction, error) {
	s, err := evaluator.FitSurrogate(archs, scores)
	if err != nil {
		return nil, err
	}
	return s.Predict, nil
}

// runCostly searches with a surrogate.
func (f *find) runCostly(ctx context.Context, seeds []space.Genes) error {
	scores, err := f.openScores(ctx)
	if err != nil {
		return err
	}
	f.scores = scores
	limited, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	scores.lost = stop
	if n := len(scores.known); n > 0 {
		f.app.phase("%d scores are known from the study", n)
	}
	ask := func(ctx context.Context, archs []space.Arch) ([]float64, []error) {
		for _, a := range archs {
			if f.replay && !scores.knows(a) { // as if it were stopped where the first score is missing
				stop(context.Canceled)
			}
		}
		values, errs := make([]float64, len(archs)), make([]error, len(archs))
		for i, s := range evaluator.All(ctx, scores, archs, f.hunt.scoring.workers(), nil) {
			if s.Err != nil && scores.knows(archs[i]) {
				s.Score, s.Err = scores.Evaluate(context.WithoutCancel(ctx), archs[i])
			}
			values[i], errs[i] = s.Value, s.Err
		}
		return values, errs
	}
	begin := time.Now()
	r, err := search.Surrogate(limited, f.problem, search.Costly{Score: ask, Fit: f.fit}, search.SurrogateSettings{
		Budget: cmp.Or(f.hunt.wanted, usualScores), Seed: f.seed, Workers: f.workers, First: seeds,
		Progress: func(at search.SurrogateProgress) {
			took := time.Since(begin)
			f.progress(time.Duration(float64(took)*float64(at.Budget-at.Scored)/math.Max(float64(at.Scored), 1)),
				"%d of at most %d architectures scored, %d on the front", at.Scored, at.Budget, at.Front)
		}})
	if err != nil {
		return failed(err, "nas evaluate MODEL --evaluator %s tries one architecture", f.hunt.scoring.name)
	}
	f.result = &r.Result
	if scores.unkept != nil {
		return studyFault(f.study, scores.unkept)
	}
	f.app.phase("%s scored in %.1f s: %s", results.Counted(r.Evaluations, "architecture"), time.Since(begin).Seconds(), r.Stop)
	if n := len(r.Failures); n > 0 {
		f.app.warn(fmt.Sprintf("%d of %d architectures could not be scored and are out; the last: %v", n, r.Evaluations, r.Failures[n-1].Err))
	}
	return nil
}
