package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nas/results"
	"nas/search"
	"nas/space"
)

// find is a search at work.
type find struct {
	*app
	*hunt
	keeper  *keeper // nil: nothing is kept
	problem *search.Additive
	result  *search.Result
	exact   *results.Exact
	scores  *keptScores // nil: the score costs nothing
	started time.Time
	told    time.Time
	before  int // evaluations of the study that the search goes on from
}

// run searches, with progress.
func (f *find) run(ctx context.Context, seeds []space.Genes) (err error) {
	limited := ctx
	if f.hunt.time > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, time.Duration(f.hunt.time))
		defer cancel()
	}
	f.app.phase("searching %s: %s", f.space.Name, sized(f.space))
	f.started = time.Now()
	if f.hunt.scoring.name == "table" {
		return f.runTable(ctx)
	}
	if f.costly() {
		return f.runCostly(limited, seeds)
	}
	if f.algorithm == string(search.ByProof) {
		f.result, err = search.Exact(limited, f.problem, search.ExactSettings{Workers: f.workers, Progress: f.proving("exact front")})
		if err != nil {
			return f.unproved(ctx, err)
		}
		f.app.phase("%d partial architectures in %.2f s", f.result.Evaluations, time.Since(f.started).Seconds())
		return nil
	}
	settings := search.Settings{Algorithm: search.Algorithm(f.algorithm), Evaluations: f.evaluations, Seed: f.seed,
		Workers: f.workers, Still: f.still, First: seeds, Progress: f.searching}
	if f.keeper != nil {
		if f.before, err = f.keeper.settings(&settings); err != nil {
			return err
		}
		if f.before > 0 {
			f.app.phase("going on after %d evaluations", f.before)
		}
	}
	if f.replay {
		return f.replayed(settings)
	}
	f.result, err = search.Run(limited, f.problem, settings)
	if err != nil && f.keeper != nil {
		return studyFault(f.study, err)
	}
	if err == nil {
		took, n := time.Since(f.started).Seconds(), f.result.Evaluations-f.before
		f.app.phase("%s in %.2f s, %s/s: %s", results.Counted(n, "evaluation"), took, results.Count(float64(n)/took), f.result.Stop)
	}
	return err
}

// replayed is the result of a state, without a search.
func (f *find) replayed(settings search.Settings) (err error) {
	if settings.Resume == nil {
		return failed(fmt.Errorf("the study %s holds no front yet", f.study), "nas search --study %s goes on", f.study)
	}
	settings.Evaluations, settings.Save = settings.Resume.Evaluated, nil
	if f.result, err = search.Run(context.Background(), f.problem, settings); err == nil {
		f.result.Stop = search.Cancelled
	}
	return err
}

// due reports whether the status line may be drawn again.
func (f *find) due() bool {
	if time.Since(f.told) < 100*time.Millisecond {
		return false
	}
	f.told = time.Now()
	return true
}

// searching draws the status line of a search.
func (f *find) searching(at search.Progress) {
	if !f.due() {
		return
	}
	took := time.Since(f.started)
	left := time.Duration(float64(took) * float64(at.Of-at.Evaluations) / float64(max(at.Evaluations-f.before, 1)))
	if f.hunt.time > 0 {
		left = min(left, time.Duration(f.hunt.time)-took)
	}
	best := ""
	if first := f.problem.Objectives()[0]; at.Front > 0 {
		best = fmt.Sprintf(", best %s %s", first.Name, results.Quantity(first.Name, at.Best))
	}
	f.progress(left, "%s evaluations, %s/s, hypervolume %.4f, %d on the front%s", results.Count(float64(at.Evaluations)),
		results.Count(float64(at.Evaluations-f.before)/took.Seconds()), at.Hypervolume, at.Front, best)
}

// proving draws the status line of a dynamic program.
func (f *find) proving(what string) func(share float64) {
	begin := time.Now()
	return func(share float64) {
		if f.due() {
			took := time.Since(begin)
			f.progress(time.Duration(float64(took)*(1-share)/share), "%s: %.0f %% of the work", what, 100*share)
		}
	}
}

// unproved says why there is no exact front.
func (f *find) unproved(ctx context.Context, err error) error {
	const hint = "--algorithm evolution keeps what it finds, whenever it is stopped"
	switch {
	case ctx.Err() != nil:
		return failed(errors.New("stopped before the exact front was known: there is no part of it to keep"), hint)
	case errors.Is(err, context.DeadlineExceeded):
		return failed(fmt.Errorf("the exact front was not known after --time %v", &f.hunt.time), hint)
	}
	return failed(err, hint)
}

// certify holds the front against the exact one, where that takes seconds.
func (f *find) certify(ctx context.Context) {
	if f.result.Stop == search.ListEnded {
		return
	}
	if f.scores != nil {
		f.exact = &results.Exact{Why: "the score is no sum over layers"}
		return
	}
	if f.result.Stop == search.SpaceExhausted || f.result.Stop == search.Proved {
		return
	}
	stopped := func() {
		f.exact = &results.Exact{Why: "the search was stopped"}
		f.result.Stop = search.Cancelled // a study that goes on compares after all
	}
	if ctx.Err() != nil || f.replay {
		stopped()
		return
	}
	start := time.Now()
	c, err := search.Certify(ctx, f.problem, f.result, search.ExactSettings{Workers: f.workers, Progress: f.proving("comparing with the exact front")})
	switch {
	case err == nil:
		f.exact = &results.Exact{Hypervolume: c.Hypervolume, Points: c.Points, Of: c.Of}
		f.app.phase("exact front of %d points found in %.2f s by dynamic programming: --algorithm exact gives it", c.Of, time.Since(start).Seconds())
	case ctx.Err() != nil:
		stopped()
	case errors.Is(err, search.ErrTooLarge):
		f.exact = &results.Exact{Why: "the exact front takes more than some seconds; --algorithm exact takes its time"}
	default:
		f.exact = &results.Exact{Why: err.Error()}
	}
}

// sized is how many architectures a space holds, in words.
func sized(s *space.Space) string {
	n, _ := s.Size().Float64()
	if n < 1000 {
		return results.Counted(int(n), "architecture")
	}
	return results.Count(n) + " architectures"
}

// report puts figures on what was found.
func (f *find) report(survey *search.Survey) (*results.Report, error) {
	// Figures of what was found are made even where the search was stopped.
	ctx := context.Background()
	j := &judge{timings: f.timings, evaluator: f.additive, threads: f.threads}
	if f.scores != nil {
		j.evaluator = f.scores
	}
	r := &results.Report{Conditions: j.conditions(f.space.Name), History: f.result.History}
	c := &r.Conditions
	l := f.limits
	c.Limits = results.Limits{MemoryBytes: l.Memory, FlashBytes: l.Flash, Params: l.Params, LatencyNS: l.Latency[0]}
	for i, t := range f.timings {
		if len(f.timings) > 1 {
			c.Limits.Latencies = append(c.Limits.Latencies, results.LatencyLimit{Name: t.name, NS: l.Latency[i]})
		}
	}
	c.Seed, c.Evaluations, c.Stop = f.seed, f.result.Evaluations, string(f.result.Stop)
	c.Algorithm, c.Exact, c.Feasibility = f.algorithm, f.exact, feasibility(survey)
	for _, o := range f.problem.Objectives() {
		c.Objectives = append(c.Objectives, o.Name)
	}
	for _, m := range f.result.Front {
		member, err := j.candidate(ctx, f.space.Arch(m.Genes))
		if err != nil {
			return nil, err
		}
		r.Front = append(r.Front, member)
	}
	var err error
	if r.References, err = f.references(ctx, j); err != nil {
		return nil, err
	}
	r.Warnings = append(j.warnings(), f.scoring.warnings...) // of the models that the reader is shown in figures
	for _, g := range f.result.Others {
		c, err := j.candidate(ctx, f.space.Arch(g))
		if err != nil {
			return nil, err
		}
		r.Others = append(r.Others, c)
	}
	r.Mark(f.problem.Objectives())
	return r, nil
}

func feasibility(s *search.Survey) *results.Feasibility {
	f := &results.Feasibility{Share: s.Share(), Samples: s.Samples, Quantities: []results.Reach{}}
	for _, q := range s.Quantities {
		f.Quantities = append(f.Quantities, results.Reach{Name: q.Name, Limit: q.Limit.Limit, Smallest: q.Smallest, Typical: q.Typical, Largest: q.Largest})
	}
	return f
}
