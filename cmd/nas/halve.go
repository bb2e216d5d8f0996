package main

import (
	"cmp"
	"context"
	"slices"

	"nas/evaluator"
	"nas/search"
	"nas/space"
)

// halve scores models by successive halving, those that came furthest first.
func (a *app) halve(ctx context.Context, e *evaluation, models []model) (list []scored, err error) {
	base := e.evaluator.(*keptScores)
	train := base.Evaluator.(*evaluator.Train)
	steps := train.Recipe.Steps
	rungs := []*keptScores{}
	for rung := range e.halvings + 1 {
		longer := e.scoring
		longer.steps = steps << rung
		recipe := train.Training
		recipe.Recipe.Steps, recipe.Recipe.Warmup = steps<<rung, train.Recipe.Warmup<<rung
		next := evaluator.NewTrain(recipe, train.Lessons)
		next.Checkpoint = train.Checkpoint
		kept, err := keep(next, base.keeper, longer.identity())
		if err != nil {
			return nil, err
		}
		rungs = append(rungs, kept)
	}
	var archs []space.Arch
	for _, m := range models {
		archs = append(archs, m.arch)
	}
	h := evaluator.Halving{Rungs: len(rungs), At: func(rung int) evaluator.Evaluator { return rungs[rung] }, Better: e.better(models)}
	h.Progress = func(rung, done, of int) {
		if done == of {
			a.phase("%d trained for %d steps", of, steps<<rung)
		}
	}
	for i, r := range h.Run(ctx, archs) {
		line := scoredOf(models[i], r.Scored, rungs[r.Rung])
		line.Steps = steps << r.Rung
		list = append(list, line)
	}
	slices.SortStableFunc(list, func(x, y scored) int {
		if x.Steps != y.Steps || x.Score == nil || y.Score == nil {
			return cmp.Compare(y.Steps, x.Steps)
		}
		return cmp.Compare(*y.Score, *x.Score)
	})
	return list, nil
}

// better picks what makes the best front in score, memory and, where all have one,
// latency.
func (e *evaluation) better(models []model) func(alive []int, scores []float64, n int) []int {
	timed := !slices.ContainsFunc(models, func(m model) bool { return m.latency <= 0 })
	objectives := []search.Objective{{Name: search.Score, Maximise: true}, {Name: search.Memory}}
	if timed {
		objectives = append(objectives, search.Objective{Name: search.Latency})
	}
	return func(alive []int, scores []float64, n int) []int {
		var points [][]float64
		for k, i := range alive {
			p := []float64{scores[k], float64(space.PlanMemory(models[i].arch, e.workload, e.threads).Total())}
			if timed {
				p = append(p, models[i].latency)
			}
			points = append(points, p)
		}
		return search.Best(points, objectives, n)
	}
}
