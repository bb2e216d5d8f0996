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

// Regime is a range of models whose latencies are sums: of those that stream fewer
// than Below bytes of weights (space.Program.Streamed) and no fewer than the regime
// before. The last one's Below is 0: it has no end.
type Regime struct {
	Below    int
	Overhead float64                // ns of a run besides its steps
	Op       func(space.Op) float64 // ns
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
	betweenRuns = 0.015 // logarithm: by how much all times together differ between two runs of measuring, with 90 %
	wideRuns    = 0.25  // where too few models were measured to learn from
	cuts        = 4     // of a regime, which make ranges
	sameRegimes = 0.01  // logarithm: ranges in which a model differs by less are one
	maxRegimes  = 24
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
func (p *Predictor) moved(d *drift, bytes int) *Predictor {
	q := *p
	q.regimes = slices.Clone(p.regimes)
	for c := range class(classes) {
		by := math.Log(d.at(c, bytes))
		for i := range q.regimes {
			q.regimes[i].factor[c] += by
		}
	}
	return &q
}

// Table is what p predicts from.
func (p *Predictor) Table() *Table { return p.table }

// A mergedRange is a range of the weights streamed in which each class of steps has
// one factor.
type mergedRange struct {
	below  int
	factor [classes]float64 // logarithms, rising from range to range
	width  float64
}

// merge cuts the line between regimes into narrow ranges, and joins the two
// neighbours that differ least until all differ and are few: a search works through
// each of them.
func (p *Predictor) merge() {
	share := p.shares()
	for i := range regimes * cuts {
		at := func(part float64) int {
			return int(firstRegime * math.Exp2((float64(i)+part)/(2*cuts)))
		}
		m := mergedRange{below: at(1), width: 1}
		for c := range m.factor {
			m.factor[c] = p.fit.at(class(c), at(0.5)) + p.bias
		}
		p.regimes = append(p.regimes, m)
	}
	p.regimes[len(p.regimes)-1].below = 0
	for len(p.regimes) > 1 {
		nearest, least := 0, math.Inf(1)
		for i := range len(p.regimes) - 1 {
			if d := p.regimes[i].difference(&p.regimes[i+1], &share); d < least {
				nearest, least = i, d
			}
		}
		if least > sameRegimes && len(p.regimes) <= maxRegimes {
			return
		}
		p.regimes[nearest].join(&p.regimes[nearest+1])
		p.regimes = slices.Delete(p.regimes, nearest+1, nearest+2)
	}
}

// shares is what each class has of the table's models, in the mean.
func (p *Predictor) shares() (share [classes]float64) {
	for i := range p.table.Models {
		m := &p.table.Models[i]
		part := 1 / (m.Sum() * float64(len(p.table.Models)))
		for _, o := range m.Ops {
			share[classOf(o.Op)] += float64(o.Count) * o.Floor * part
		}
	}
	return share
}

// difference is that of a model of which each class has its share.
func (m *mergedRange) difference(next *mergedRange, share *[classes]float64) (d float64) {
	for c := range m.factor {
		d += share[c] * math.Abs(next.factor[c]-m.factor[c])
	}
	return d
}

func (m *mergedRange) join(next *mergedRange) {
	width := m.width + next.width
	for c := range m.factor {
		m.factor[c] = (m.factor[c]*m.width + next.factor[c]*next.width) / width
	}
	m.below, m.width = next.below, width
}

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
