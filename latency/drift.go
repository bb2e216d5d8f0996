package latency

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nas/space"
)

// drift is how much slower a machine is than when a table was measured, by models
// that were run both times: the core's clock, and apart from it the caches and the
// memory that it shares with others, which large models feel alone. (Two runs of
// measuring, minutes apart: models of 0.2 to 1 MB +0.3 %, of 20 to 90 MB +6 %.)
type drift struct {
	size, log []float64 // of the bytes streamed, in doublings; of the factor
}

func (d *drift) add(bytes int, factor float64) {
	d.size, d.log = append(d.size, math.Log2(float64(bytes))), append(d.log, math.Log(factor))
}

// at is the factor for a model that streams so many bytes: the mean over the models,
// by how near in size they are. Without models it is 1.
func (d *drift) at(bytes int) float64 {
	sum, weights := 0.0, 0.0
	for i, size := range d.size {
		away := size - math.Log2(float64(bytes))
		w := math.Exp(-away*away/2) + 1e-9
		sum, weights = sum+w*d.log[i], weights+w
	}
	return math.Exp(sum / max(weights, 1e-9))
}

// Drift is how much slower the machine is than when t was measured, by the reference
// model: a factor. An error says why the two cannot be compared.
func (t *Table) Drift(now Entry) (float64, error) {
	switch {
	case t.Workload == space.Workload{} || t.Reference.Floor == 0:
		return 1, fmt.Errorf("latency: the table has no reference model to compare speeds by")
	case !t.Reference.steady() || !now.steady():
		return 1, fmt.Errorf("latency: the reference model was not confirmed: the machine is too busy to compare its speed with the table's")
	}
	return now.Floor / t.Reference.Floor, nil
}

// steady reports whether an entry is good enough to compare speeds by, to some 4 %.
func (e Entry) steady() bool {
	return e.Quorum() || e.Reached >= quorumRounds && e.Error > 0 && e.Error <= 2*quorumTolerance
}

const (
	leastTies = 8 // models that are run again beside others
	mostTies  = 28
)

// tie is a program that the table has too.
type tie struct {
	program *space.Program
	entry   Entry
}

// ties are at most n of programs that t has as whole models of up to so many ns,
// evenly by their time.
func (t *Table) ties(programs []*space.Program, largest float64, n int) (list []tie) {
	for _, p := range programs {
		if m := t.model(p); m != nil && m.Whole.Floor <= largest {
			list = append(list, tie{p, m.Whole})
		}
	}
	slices.SortStableFunc(list, func(a, b tie) int { return cmp.Compare(a.entry.Floor, b.entry.Floor) })
	if len(list) <= n {
		return list
	}
	chosen := make([]tie, n)
	for i := range chosen {
		chosen[i] = list[i*(len(list)-1)/(n-1)]
	}
	return chosen
}

// model is the one of t that is a program, nil if none is.
func (t *Table) model(p *space.Program) *Model {
	ops, count := p.Ops()
	for i := range t.Models {
		m := &t.Models[i]
		if m.Complete() && m.Bytes == p.Streamed() && len(m.Ops) == len(ops) &&
			!slices.ContainsFunc(m.Ops, func(o OpEntry) bool { return count[o.Op] != o.Count }) {
			return m
		}
	}
	return nil
}
