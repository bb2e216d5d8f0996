package main

import (
	"context"
	"fmt"

	"nas/evaluator"
	"nas/results/study"
	"nas/search"
	"nas/space"
)

// runTable takes the front of the architectures that a table knows and the space holds;
// no other has a score, so the front is exact.
func (f *find) runTable(ctx context.Context) error {
	s := &f.hunt.scoring
	if err := f.app.open(ctx, s, f.space, f.timings[0].workload, nil); err != nil {
		return err
	}
	table := s.evaluator.(*evaluator.Table)
	f.scores = &keptScores{Evaluator: table, known: map[string]study.Score{}}
	var list []search.Known
	var outside error
	for _, a := range table.Archs() {
		genes, err := table.In(f.space, a)
		if err != nil {
			if outside == nil {
				outside = err
			}
			continue
		}
		score, err := table.Evaluate(ctx, a)
		if err != nil {
			return err
		}
		list = append(list, search.Known{Genes: genes, Score: score.Value})
		f.scores.known[f.space.Arch(genes).Key()] = study.Score{Value: score.Value, Resolution: score.Resolution}
	}
	all := len(table.Archs())
	if len(list) == 0 {
		return bad(fmt.Errorf("%s: none of its %d architectures is in the space; the first: %w", s.table, all, outside), "--space FILE with %s", space.Holding(table.Archs()))
	}
	if n := all - len(list); n > 0 {
		s.warn(f.app, fmt.Sprintf("%d of the table's %d architectures are not in the space and are left out; the first: %v", n, all, outside))
	}
	var err error
	if f.result, err = search.Listed(f.problem, list); err != nil {
		return err
	}
	f.algorithm = "table"
	f.app.phase("%d of the table's %d architectures are in the space, %d of them on the front", len(list), all, len(f.result.Front))
	return nil
}
