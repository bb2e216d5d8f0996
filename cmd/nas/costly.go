package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"nas/evaluator"
	"nas/results"
	"nas/results/study"
	"nas/search"
	"nas/space"
)

// searchEvaluators are those that nas search takes. All but the first are costly: a
// surrogate stands in for them, and only the most promising architectures are scored.
var searchEvaluators = []string{"capacity", "command", "train", "supernet"}

func (h *hunt) costly() bool { return h.scoring.name != searchEvaluators[0] }

// costlyScores are the real scores of a search: an evaluator with a memory, which is
// the study's where there is one.
type costlyScores struct {
	evaluator.Evaluator
	workers  int
	keeper   *keeper
	identity string // all that scores depend on besides the architecture
	mu       sync.Mutex
	known    map[string]study.Score
	unkept   error // why the study does not hold all scores
}

// openScores makes the scores of a search; of a replay those that are known.
func (f *find) openScores(ctx context.Context) (*costlyScores, error) {
	s := &f.hunt.scoring
	s.seed = f.seed
	if s.name == "supernet" && s.learning.supernet == "" && f.study != "" {
		s.learning.supernet = f.study + ".supernet"
	}
	if f.study != "" {
		s.checkpoint = f.study + ".training"
	}
	var err error
	if f.replay {
		err = s.pretend()
	} else {
		err = f.app.open(ctx, s, f.space, f.timings[0].workload, nil)
	}
	if err != nil {
		return nil, err
	}
	c := &costlyScores{Evaluator: s.evaluator, workers: s.workers(), keeper: f.keeper, known: map[string]study.Score{},
		identity: s.identity()}
	if f.keeper != nil {
		if err := f.keeper.settle("steps", strconv.Itoa(s.steps)); err != nil {
			return nil, studyFault(f.study, err)
		}
		known, err := f.keeper.Scores(c.identity)
		if err != nil {
			return nil, studyFault(f.study, err)
		}
		c.known = known
	}
	return c, nil
}

// identity is all that scores depend on besides the architecture.
func (s *scoring) identity() string {
	l := s.learning
	if s.name == "supernet" {
		l.supernet = "" // the recipe says what it holds
	}
	return fmt.Sprintf("%s seed %d: %q budget %d %+v", s.name, s.seed, s.command, s.budget, l)
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

// score is what search.Costly asks.
func (c *costlyScores) score(ctx context.Context, archs []space.Arch) ([]float64, []error) {
	var unknown []space.Arch
	for _, a := range archs {
		if _, ok := c.known[a.Key()]; !ok {
			unknown = append(unknown, a)
		}
	}
	evaluator.All(ctx, keeping{c}, unknown, c.workers, nil)
	scores, errs := make([]float64, len(archs)), make([]error, len(archs))
	for i, a := range archs {
		entry, ok := c.known[a.Key()]
		switch {
		case !ok:
			errs[i] = ctx.Err()
		case entry.Failure != "":
			errs[i] = errors.New(entry.Failure)
		}
		scores[i] = entry.Value
	}
	return scores, errs
}

// keeping scores for real, and keeps each score as soon as it is there.
type keeping struct{ *costlyScores }

func (k keeping) Evaluate(ctx context.Context, a space.Arch) (evaluator.Score, error) {
	s, err := k.Evaluator.Evaluate(ctx, a)
	if err != nil && ctx.Err() != nil {
		return s, err // not asked
	}
	entry := study.Score{Value: s.Value, Resolution: s.Resolution}
	if err != nil {
		entry = study.Score{Failure: err.Error()}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[a.Key()] = entry
	if k.keeper != nil && k.unkept == nil {
		k.unkept = k.keeper.PutScore(k.identity, a.Key(), entry)
	}
	return s, err
}

// Evaluate remembers.
func (c *costlyScores) Evaluate(ctx context.Context, a space.Arch) (evaluator.Score, error) {
	if s, ok := c.known[a.Key()]; ok && s.Failure == "" {
		return evaluator.Score{Value: s.Value, Resolution: s.Resolution}, nil
	}
	return evaluator.Score{}, fmt.Errorf("no score of %v", a)
}

// fit is the surrogate of search.Costly.
func (c *costlyScores) fit(archs []space.Arch, scores []float64) (search.Prediction, error) {
	s, err := evaluator.FitSurrogate(archs, scores)
	if err != nil {
		return nil, err
	}
	return s.Predict, nil
}

// runCostly searches with a surrogate.
func (f *find) runCostly(ctx context.Context, seeds []space.Genes) error {
	defer f.hunt.scoring.close()
	scores, err := f.openScores(ctx)
	if err != nil {
		return err
	}
	f.scores = scores
	if n := len(scores.known); n > 0 {
		f.app.phase("%d scores are known from the study", n)
	}
	ask := scores.score
	if f.replay { // as if it were stopped where the first score is missing
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		ctx, ask = limited, func(ctx context.Context, archs []space.Arch) ([]float64, []error) {
			for _, a := range archs {
				if _, ok := scores.known[a.Key()]; !ok {
					cancel()
				}
			}
			return scores.score(ctx, archs)
		}
	}
	begin := time.Now()
	r, err := search.Surrogate(ctx, f.problem, search.Costly{Score: ask, Fit: scores.fit}, search.SurrogateSettings{
		Budget: f.realScores, Seed: f.seed, Workers: f.workers, First: seeds,
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
	f.app.phase("%d architectures scored in %.1f s: %s", r.Evaluations, time.Since(begin).Seconds(), r.Stop)
	if n := len(r.Failures); n > 0 {
		f.app.warn(fmt.Sprintf("%d of %d architectures could not be scored and are out; the last: %v", n, r.Evaluations, r.Failures[n-1].Err))
	}
	return nil
}

// references of a costly score are without: none of them is scored.
func (f *find) references(ctx context.Context, j *judge) ([]results.Candidate, error) {
	if f.scores != nil {
		return nil, nil
	}
	return j.references(ctx, f.space.Model.Family)
}
