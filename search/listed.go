package search

import (
	"fmt"
	"slices"

	"nas/space"
)

// Known is an architecture whose score is known.
type Known struct {
	Genes space.Genes
	Score float64
}

// ListEnded is why Listed ends: the front is exact for the list.
const ListEnded Reason = "every architecture of the list was evaluated"

// Listed is the front of architectures whose scores are known, such as those of a
// published benchmark. All others count as infeasible. p's own score is not asked.
func Listed(p Problem, list []Known) (*Result, error) {
	r := run{problem: p, space: p.Space(), objectives: p.Objectives()}
	score := slices.IndexFunc(r.objectives, func(o Objective) bool { return o.Name == Score })
	for _, k := range list {
		if err := r.space.Check(k.Genes); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		values := make([]float64, len(r.objectives))
		violation := p.Evaluate(k.Genes, values)
		if score >= 0 {
			values[score] = k.Score
		}
		r.insert(&child{genes: slices.Clone(k.Genes), values: values, violation: violation})
	}
	result := r.result(ListEnded)
	result.Evaluations = len(list)
	return result, nil
}
