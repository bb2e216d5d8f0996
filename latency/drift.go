package latency

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

// drift is how much slower a machine is than when a table was measured, by models
// that were run both times. A core's clock moves all classes of steps alike and is
// taken out before; caches and memory that are shared with others move products, and
// those of large models most, where attention and norms hardly feel them. (Two tables,
// minutes apart: models of 60 MB -7 %, of 0.2 MB -1 %, attention in either +-1 %.)
type drift struct {
	whole leastSquares // logarithms of factors
	class [classes]leastSquares
}

const driftHold = 2 // the weight of the bond between knots, in models

// add takes a model as it was and as it is now.
func (d *drift) add(then, now *Model) {
	p := placeOf(then.Bytes)
	d.whole.add(p, math.Log(now.Whole.Floor/then.Whole.Floor), 1)
	before, after := then.byClass(), now.byClass()
	parts := now.together() / then.together()
	for c := range before {
		if before[c] > 0 {
			d.class[c].add(p, math.Log(parts*after[c]/before[c]), 1)
		}
	}
}

// lines are the logarithms of the factors for steps of each class. A class that no
// model has moves as wholes do.
func (d *drift) lines() (l [classes]line) {
	for c := range l {
		from := &d.class[c]
		if *from == (leastSquares{}) {
			from = &d.whole
		}
		l[c] = from.solve(driftHold)
	}
	return l
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
	model   *Model
}

// ties are at most n of programs that t has as whole models of up to so many ns,
// evenly by their time.
func (t *Table) ties(programs []*space.Program, largest float64, n int) (list []tie) {
	for _, p := range programs {
		if m := t.model(p); m != nil && m.Whole.Floor <= largest {
			list = append(list, tie{p, m})
		}
	}
	slices.SortStableFunc(list, func(a, b tie) int { return cmp.Compare(a.model.Whole.Floor, b.model.Whole.Floor) })
	return statistics.Evenly(list, n)
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
