package evaluator

import (
	"context"
	"fmt"
	"math"

	"nas/internal/statistics"
	"nas/space"
)

// Table is a lookup in a set of trained models, so that published benchmarks can be
// searched. Where one shape was trained with several seeds its score is their mean.
type Table struct {
	metric string
	scores map[string]Score
	archs  []space.Arch
}

// NewTable makes the lookup.
func NewTable(t *Truth) *Table {
	runs := map[string][]float64{}
	table := &Table{metric: t.Metric, scores: map[string]Score{}}
	for _, m := range t.Models {
		if runs[shape(m.Arch)] == nil {
			table.archs = append(table.archs, m.Arch)
		}
		runs[shape(m.Arch)] = append(runs[shape(m.Arch)], m.Score)
	}
	// The seeds of all shapes together say how much one run is worth.
	var squares, freedom float64
	for _, values := range runs {
		if len(values) > 1 {
			n := float64(len(values))
			e := statistics.StandardError(values)
			squares, freedom = squares+e*e*n*(n-1), freedom+n-1
		}
	}
	deviation := 0.0
	if freedom > 0 {
		deviation = math.Sqrt(squares / freedom)
	}
	if t.Lower {
		table.metric = "negative " + t.Metric
	}
	for key, values := range runs {
		table.scores[key] = sampled(statistics.Mean(values), deviation/math.Sqrt(float64(len(values))))
	}
	return table
}

// shape is what a row of a truth file says of an architecture, as one word.
func shape(a space.Arch) string {
	s := fmt.Sprint(a.Family, a.Vocabulary, a.Embedding, a.Hidden, a.Gated)
	for _, l := range a.Layers {
		s += fmt.Sprint(" ", l.HeadWidth, l.Heads, l.KVHeads, l.FFN)
	}
	return s
}

// Archs are those that t knows, in the order of the file.
func (t *Table) Archs() []space.Arch { return t.archs }

// In is the spelling of one of Archs in s, whose model says what the file does not, such
// as norms and positions.
func (t *Table) In(s *space.Space, a space.Arch) (space.Genes, error) {
	m := s.Model
	switch {
	case a.Family != m.Family:
		return nil, fmt.Errorf("evaluator: table: a %v, the space %q holds %vs", a.Family, s.Name, m.Family)
	case a.Gated != m.Gated:
		return nil, fmt.Errorf("evaluator: table: gated is %t, in the space %q it is %t", a.Gated, s.Name, m.Gated)
	case a.Vocabulary != m.Vocabulary:
		return nil, fmt.Errorf("evaluator: table: vocabulary %d, in the space %q it is %d", a.Vocabulary, s.Name, m.Vocabulary)
	}
	a.Model = m
	return s.Genes(a)
}

func (*Table) Name() string   { return "table" }
func (t *Table) Unit() string { return t.metric }
func (*Table) Kind() Kind     { return Sampled }
func (*Table) Cost() Cost     { return Instant }

// Evaluate fails for an architecture that the table lacks. Its Resolution is 0
// where the table repeats no shape: nobody knows the noise then.
func (t *Table) Evaluate(_ context.Context, a space.Arch) (Score, error) {
	score, ok := t.scores[shape(a)]
	if !ok {
		return Score{}, fmt.Errorf("evaluator: table: none of its %d shapes is %v", len(t.scores), a)
	}
	return score, nil
}
