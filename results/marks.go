package results

import (
	"cmp"
	"slices"

	"nas/search"
)

// Mark puts a report in order: the front by score, best first, ties and what
// members dominate marked, references by memory.
func (r *Report) Mark(objectives []search.Objective) {
	slices.SortStableFunc(r.Front, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.LatencyNS, b.LatencyNS), cmp.Compare(a.MemoryBytes, b.MemoryBytes), cmp.Compare(a.Arch.Key(), b.Arch.Key()))
	})
	markTies(r.Front)
	slices.SortStableFunc(r.References, func(a, b Candidate) int { return cmp.Compare(a.MemoryBytes, b.MemoryBytes) })
	var front [][]float64
	for i := range r.Front {
		front = append(front, values(&r.Front[i], objectives))
	}
	for _, list := range [][]Candidate{r.References, r.Others} {
		for i := range list {
			v := values(&list[i], objectives)
			list[i].Dominated = slices.ContainsFunc(front, func(f []float64) bool { return search.Dominates(f, v, objectives) })
		}
	}
}

// markTies marks neighbours in order of score that are closer than the better one's
// resolution.
func markTies(front []Candidate) {
	for i := range front {
		front[i].Tie = false
	}
	for i := 1; i < len(front); i++ {
		if a, b := &front[i-1], &front[i]; a.Score-b.Score < a.ScoreResolution {
			a.Tie, b.Tie = true, true
		}
	}
}

// ObjectivesOf are the objectives of those names.
func ObjectivesOf(names []string) (list []search.Objective) {
	for _, name := range names {
		list = append(list, search.Objective{Name: name, Maximise: name == search.Score})
	}
	return list
}

// values are what c is weighed by.
func values(c *Candidate, objectives []search.Objective) []float64 {
	v := make([]float64, len(objectives))
	for i, o := range objectives {
		switch o.Name {
		case search.Score:
			v[i] = c.Score
		case search.Memory:
			v[i] = float64(c.MemoryBytes)
		case search.Flash:
			v[i] = float64(c.FlashBytes)
		case search.Params:
			v[i] = float64(c.Params)
		}
		for _, l := range c.AllLatencies() {
			if l.Name == o.Name {
				v[i] = l.NS
			}
		}
	}
	return v
}
