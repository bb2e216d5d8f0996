package latency

import (
	"errors"
	"math"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

// Estimate is a predicted time in nanoseconds. It is another type than Entry, which
// is measured.
type Estimate struct {
	Nanoseconds float64 // undisturbed
	Low, High   float64 // hold the undisturbed time of a run with 90 %
	Busy        float64 // what the machine gave while it was measured, in the median
	Unknown     int     // steps whose op the table lacks: interpolated, not measured
	Outside     int     // of these, steps beyond the sizes that the table has: extrapolated
}

// Predictor adds up the times of a table. It is safe for concurrent use.
type Predictor struct {
	table   *Table
	fit     *fit
	unknown *interpolator
	spread  float64       // logarithm of the factor within which 90 % of held-out models lie
	bias    float64       // logarithm of their median
	busy    float64       // what the machine gave, as a factor
	regimes []mergedRange // ascending
}

const (
	parts       = 20    // of the models, of which each is predicted from the others
	firmRuns    = 8     // held-out models that an interval can be learnt from
	betweenRuns = 0.017 // logarithm: by how much all times together differ between two runs of measuring, with 90 % (of 18 validations)
	wideRuns    = 0.25  // where too few models were measured to learn from
)

// NewPredictor makes a predictor of a table that has entries.
func NewPredictor(t *Table) (*Predictor, error) {
	if len(t.Models) == 0 {
		return nil, errors.New("latency: the table has no entries to predict from")
	}
	p := &Predictor{table: t, fit: newFit(t.Models), busy: busyRatio(t.Models), spread: wideRuns}
	p.unknown = newInterpolator(p.fit.op)
	if t.Spread > 0 {
		p.spread = t.Spread
	}
	if list := residuals(t.Models, parts); len(list) >= firmRuns {
		p.bias = statistics.Median(list)
		for i, v := range list {
			list[i] = math.Abs(v - p.bias)
		}
		// The conformal quantile (Vovk et al. 2005): one more model than were seen.
		within := statistics.Quantile(list, min(0.9*float64(len(list)+1)/float64(len(list)), 1))
		p.spread = math.Hypot(within, betweenRuns)
	}
	p.merge()
	return p, nil
}

// moved is p for models that stream so many bytes, on the machine as it is now.
func (p *Predictor) moved(by *[classes]line, bytes int) *Predictor {
	q := *p
	q.regimes = slices.Clone(p.regimes)
	for c := range by {
		log := by[c].at(placeOf(bytes))
		for i := range q.regimes {
			q.regimes[i].factor[c] += log
		}
	}
	return &q
}

// Table is what p predicts from.
func (p *Predictor) Table() *Table { return p.table }

// Regimes are ascending; the latency of a model is exactly the overhead and the sum
// over its steps in the regime that its weights fall into.
func (p *Predictor) Regimes() []Regime {
	list := make([]Regime, len(p.regimes))
	for i := range p.regimes {
		m := &p.regimes[i]
		list[i] = Regime{Below: m.below, Overhead: p.table.Overhead, Op: p.in(m)}
	}
	return list
}

// regime is where a model that streams so many bytes belongs.
func (p *Predictor) regime(bytes int) *mergedRange {
	for i := range p.regimes {
		if m := &p.regimes[i]; bytes < m.below || m.below == 0 {
			return m
		}
	}
	return &p.regimes[len(p.regimes)-1]
}

// op is the time of an op in a regime, within the bounds of a table's; guess is nil
// where the table has it.
func (p *Predictor) op(o space.Op, m *mergedRange) (ns float64, g *guess) {
	own, ok := p.fit.op[o]
	if !ok {
		found := p.unknown.guess(o)
		own, g = found.log, &found
	}
	return min(max(math.Exp(own+m.factor[classOf(o)]), minTime), maxTime), g
}

// Steps is what each step of a program takes in ns: overhead and steps add up to
// Program.
func (p *Predictor) Steps(program *space.Program) func(space.Op) float64 {
	return p.in(p.regime(program.Streamed()))
}

func (p *Predictor) in(m *mergedRange) func(space.Op) float64 {
	return func(o space.Op) float64 {
		ns, _ := p.op(o, m)
		return ns
	}
}

// Program is the time of one run. It adds whole picoseconds, so that any order of
// adding gives the same.
func (p *Predictor) Program(program *space.Program) Estimate {
	m := p.regime(program.Streamed())
	sum, guessed, e := picoseconds(p.table.Overhead), 0.0, Estimate{}
	ops, count := program.Ops()
	for _, o := range ops {
		ns, g := p.op(o, m)
		sum += int64(count[o]) * picoseconds(ns)
		if g == nil {
			continue
		}
		// Guesses of one kind err together: their widths add up.
		guessed += float64(count[o]) * ns * (math.Exp(g.wide) - 1)
		e.Unknown += count[o]
		if g.outside {
			e.Outside += count[o]
		}
	}
	e.Nanoseconds = float64(sum) / 1000
	factor := math.Exp(p.spread) * (1 + guessed/e.Nanoseconds)
	e.Low, e.High, e.Busy = e.Nanoseconds/factor, e.Nanoseconds*factor, e.Nanoseconds*p.busy
	return e
}

func picoseconds(ns float64) int64 { return int64(math.Round(ns * 1000)) }
