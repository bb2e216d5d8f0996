package search

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nas/space"
)

// Costly is a score that takes too long to be asked of every architecture.
type Costly struct {
	// Score is asked for a few architectures at a time and may work on them in
	// parallel. An error is of that architecture alone, which then is out. When ctx
	// ends, what is not done has ctx's error.
	Score func(ctx context.Context, archs []space.Arch) ([]float64, []error)
	// Fit learns from known scores.
	Fit func(archs []space.Arch, scores []float64) (Prediction, error)
}

// Prediction is an expected score and its standard deviation. It is safe for
// concurrent use.
type Prediction func(a space.Arch) (mean, deviation float64)

// SurrogateSettings of Surrogate. Zero values are the defaults.
type SurrogateSettings struct {
	Budget   int // architectures that are really scored, at most; 0: 200
	Sample   int // of them before the first prediction; 0: 32
	Batch    int // of them between two predictions; 0: 16
	Inner    int // predictions of one search; 0: 4000
	Patience int // rounds in a row without a change of the front before it stands still; 0: 3
	Seed     uint64
	Workers  int           // that search on predictions
	First    []space.Genes // where searches begin, such as those of Feasibility
	Progress func(SurrogateProgress)
}

// SurrogateProgress is how far Surrogate has come.
type SurrogateProgress struct {
	Scored, Budget int
	Front          int // members with real scores
}

// SurrogateResult is a Result whose Evaluations are real ones, as are all scores of
// its front.
type SurrogateResult struct {
	Result
	Failures []Failure
}

// Failure is an architecture that could not be scored.
type Failure struct {
	Genes space.Genes
	Err   error
}

func (s *SurrogateSettings) defaults() {
	for _, d := range []struct {
		value *int
		zero  int
	}{{&s.Budget, 200}, {&s.Sample, 32}, {&s.Batch, 16}, {&s.Inner, 4000}, {&s.Patience, 3}} {
		if *d.value <= 0 {
			*d.value = d.zero
		}
	}
}

// Surrogate searches p, one of whose objectives is Score, where a real score is
// costly: it scores a sample that is spread over the space, fits, searches on
// predictions with their uncertainty, scores the most promising, and fits again,
// until the front stands still or the budget is spent. p's own score, which is
// cheap, only helps to find the sample.
//
// Equal scores give an equal course, so that scores kept in a file are all that is
// needed to resume.
func Surrogate(ctx context.Context, p Problem, c Costly, s SurrogateSettings) (*SurrogateResult, error) {
	s.defaults()
	score := slices.IndexFunc(p.Objectives(), func(o Objective) bool { return o.Name == Score })
	if n := len(p.Objectives()); score < 0 || n < 2 || n > 3 || !p.Objectives()[score].Maximise {
		return nil, errors.New("search: a surrogate needs two or three objectives, one of them the score")
	}
	r := &surrogate{SurrogateSettings: s, Problem: p, costly: c, score: score, known: map[string]scored{}}
	reason, err := r.run(ctx)
	if err != nil {
		return nil, err
	}
	result := r.scored()
	return &SurrogateResult{Result{Front: result.Front, Others: result.Others, Evaluations: len(r.order), Stop: reason}, r.failures}, nil
}

// surrogate is one run. As a Problem it is p with predicted scores, and real ones
// where they are known.
type surrogate struct {
	SurrogateSettings
	Problem
	costly   Costly
	score    int
	known    map[string]scored
	order    []space.Genes // of known, as they came
	failures []Failure
	predict  Prediction
	round    uint64
}

type scored struct {
	values []float64 // with the real score
	failed bool
}

// optimism is how many deviations a prediction is raised by, so that what is
// unknown is tried.
const optimism = 1

func (r *surrogate) run(ctx context.Context) (Reason, error) {
	sample, err := r.spread(ctx)
	if err != nil {
		return "", err
	}
	if len(sample) == 0 {
		return NothingNew, nil
	}
	if err := r.ask(ctx, sample); err != nil {
		return reasonOf(ctx), nil
	}
	still := 0
	for {
		switch {
		case ctx.Err() != nil:
			return reasonOf(ctx), nil
		case len(r.order) >= r.Budget:
			return BudgetSpent, nil
		case still >= r.Patience:
			return StandsStill, nil
		}
		before := r.front()
		if err := r.fit(); err != nil && len(r.failures) == 0 && len(r.order) < r.Sample {
			return NothingNew, nil // too few are within the limits to learn from: all found are scored
		} else if err != nil {
			return "", err
		}
		promising, err := r.promising(ctx, before)
		if err != nil {
			return "", err
		}
		if len(promising) == 0 {
			return StandsStill, nil
		}
		if err := r.ask(ctx, promising); err != nil {
			return reasonOf(ctx), nil
		}
		if still++; !sameFront(before, r.front()) {
			still = 0
		}
	}
}

// ask has real scores made for architectures; an error is that of ctx.
func (r *surrogate) ask(ctx context.Context, list []space.Genes) error {
	list = list[:min(len(list), r.Budget-len(r.order))]
	var archs []space.Arch
	for _, g := range list {
		archs = append(archs, r.Space().Arch(g))
	}
	scores, errs := r.costly.Score(ctx, archs)
	if len(scores) != len(list) || len(errs) != len(list) {
		panic(fmt.Sprintf("search: Score gave %d scores and %d errors for %d architectures", len(scores), len(errs), len(list)))
	}
	for i, g := range list {
		if errs[i] != nil && ctx.Err() != nil {
			continue // not asked
		}
		values := make([]float64, len(r.Objectives()))
		r.Problem.Evaluate(g, values)
		values[r.score] = scores[i]
		failed := errs[i] != nil || scores[i] != scores[i]
		if failed {
			r.failures = append(r.failures, Failure{g, errs[i]})
		}
		r.known[string(g)] = scored{values, failed}
		r.order = append(r.order, g)
	}
	if r.Progress != nil {
		r.Progress(SurrogateProgress{len(r.order), r.Budget, len(r.front())})
	}
	return ctx.Err()
}

// fit learns from what is known.
func (r *surrogate) fit() (err error) {
	var archs []space.Arch
	var scores []float64
	for _, g := range r.order {
		if k := r.known[string(g)]; !k.failed {
			archs, scores = append(archs, r.Space().Arch(g)), append(scores, k.values[r.score])
		}
	}
	if r.predict, err = r.costly.Fit(archs, scores); err != nil && len(r.failures) > 0 {
		return fmt.Errorf("%w (%d of %d architectures could not be scored; the last: %v)", err, len(r.failures), len(r.order), r.failures[len(r.failures)-1].Err)
	}
	return err
}

// Evaluate is that of the problem with the score that is known or hoped for.
func (r *surrogate) Evaluate(g space.Genes, values []float64) (violation float64) {
	if violation = r.Problem.Evaluate(g, values); violation > 0 || r.predict == nil {
		return violation
	}
	if k, ok := r.known[string(g)]; ok {
		copy(values, k.values)
		if k.failed {
			violation = 1
		}
		return violation
	}
	mean, deviation := r.predict(r.Space().Arch(g))
	values[r.score] = mean + optimism*deviation
	return 0
}

// front are the members with real scores that nothing with a real score dominates,
// by the first objective, best first.
func (r *surrogate) front() []Member { return r.scored().Front }

// scored is what the real scores give.
func (r *surrogate) scored() *Result {
	run := run{problem: r.Problem, space: r.Space(), objectives: r.Objectives()}
	for _, g := range r.order {
		if k := r.known[string(g)]; !k.failed {
			c := child{genes: g, values: slices.Clone(k.values), hash: hash(g)}
			run.insert(&c)
			run.sample(&c)
		}
	}
	return run.result("")
}

func sameFront(a, b []Member) bool {
	return slices.EqualFunc(a, b, func(x, y Member) bool { return string(x.Genes) == string(y.Genes) })
}
