package latency

import (
	"math"
	"slices"

	"nas/space"
)

// Regime is a range of models whose latencies are sums: of those that stream fewer
// than Below bytes of weights (space.Program.Streamed) and no fewer than the regime
// before. The last one's Below is 0: it has no end.
type Regime struct {
	Below    int
	Overhead float64                // ns of a run besides its steps
	Op       func(space.Op) float64 // ns
}

const (
	cuts        = 8     // of the line between two knots, which make ranges
	sameRegimes = 0.005 // logarithm: ranges in which a model differs by less are one
	maxRegimes  = 40
)

// A mergedRange is a range of the weights streamed in which each class of steps has
// one factor.
type mergedRange struct {
	below  int
	factor [classes]float64 // logarithms, rising from range to range
	width  float64
}

// merge cuts the lines of the classes into narrow ranges, and joins the two
// neighbours that differ least until all differ and are few: a search works through
// each of them.
func (p *Predictor) merge() {
	share := p.shares()
	for i := range (knots - 1) * cuts {
		at := func(part float64) int {
			return int(firstKnot * math.Exp2((float64(i)+part)/(perDoubling*cuts)))
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
		for c, time := range m.byClass() {
			share[c] += time / (m.Sum() * float64(len(p.table.Models)))
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
