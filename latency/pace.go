package latency

import (
	"fmt"
	"math"

	"nas/internal/statistics"
	"nas/space"
)

// PaceOp is a small product that stays in the first cache. It is timed before and
// after each round's samples of a model: how fast the core is at that moment.
func PaceOp() space.Op {
	return space.Op{Kind: space.Linear, Rows: 16, N: 128, K: 128, Activation: space.GELU, Bias: true}
}

// Pace is the speed of the core that times are brought to, and how they follow it: a
// time t taken where PaceOp took l is t*(Look/l)^Elasticity. Turbo clocks and
// neighbours on the physical core change the speed every some hundred milliseconds,
// for all models alike, and more so in one minute than in the next: left alone that
// is the largest difference between two measurements. The zero Pace changes nothing.
type Pace struct {
	Look       float64 `json:"look_ns"`        // of PaceOp
	Elasticity float64 `json:"elasticity"`     // of a model that stays in the core's caches; 1: as the core
	Fall       float64 `json:"fall,omitempty"` // by which it is less with each doubling of the bytes streamed beyond paceCache
}

const (
	paceCache  = 2 << 20 // bytes of weights from which most come from further away
	paceLevel  = 0.25    // the quantile of a model's times where its undisturbed level is
	paceLook   = 0.02    // logarithm: rounds so near a model's level tell the elasticity
	paceSteady = 3e-3    // deviation of the looks' logarithm below which they tell nothing
	paceFast   = 0.1     // the quantile of the looks that times are brought to
	paceChange = 0.03    // by which the looks before and after a round may differ
	paceSteps  = 4
)

// looks are what PaceOp took before and after each round's samples, in ns.
type looks struct {
	Before []float64 `json:"before_ns,omitempty"`
	After  []float64 `json:"after_ns,omitempty"`
}

func (l *looks) add(before, after float64) {
	l.Before, l.After = append(l.Before, before), append(l.After, after)
}

// at is the look at round i: the lower one, since the other was disturbed, if any.
func (l *looks) at(i int) float64 { return min(l.Before[i], l.After[i]) }

// steady are the rounds in which the core kept its speed; all where these are too few.
func (l *looks) steady() (rounds []int) {
	for i := range l.Before {
		if math.Abs(math.Log(l.Before[i]/l.After[i])) <= paceChange {
			rounds = append(rounds, i)
		}
	}
	if len(rounds) >= minRounds {
		return rounds
	}
	rounds = rounds[:0]
	for i := range l.Before {
		rounds = append(rounds, i)
	}
	return rounds
}

// sized is p for a model that streams so many bytes: memory that is waited for does
// not follow the core. (Elasticities seen: 1.0 below 4 MB, 0.65 at 8, 0.4 at 32.)
func (p Pace) sized(bytes int) Pace {
	return Pace{Look: p.Look, Elasticity: min(max(p.Elasticity-p.Fall*doublings(bytes), 0), 1)}
}

func doublings(bytes int) float64 { return max(math.Log2(float64(bytes)/paceCache), 0) }

// factor brings a time to p.Look from the look at its round.
func (p Pace) factor(look float64) float64 {
	if p.Look == 0 {
		return 1
	}
	return math.Pow(p.Look/look, p.Elasticity)
}

// pace learns from the rounds of all models how times follow the core: least squares
// within models, of the steady rounds near each one's undisturbed level.
func (s *State) pace() Pace {
	var all []float64
	for i := range s.Models {
		m := &s.Models[i]
		for _, r := range m.Looks.steady() {
			all = append(all, m.Looks.at(r))
		}
	}
	if len(all) == 0 {
		return Pace{}
	}
	p := Pace{Look: statistics.Quantile(all, paceFast), Elasticity: 0.9, Fall: 0.15}
	for range paceSteps {
		var xx, xy, xxd, xyd, xxdd, n float64 // d: times the doublings
		for i := range s.Models {
			m := &s.Models[i]
			d := doublings(m.Bytes)
			x, y := m.level(p.sized(m.Bytes))
			mx, my := mean(x), mean(y)
			for j := range x {
				square, cross := (x[j]-mx)*(x[j]-mx), (x[j]-mx)*(y[j]-my)
				xx, xxd, xxdd = xx+square, xxd+square*d, xxdd+square*d*d
				xy, xyd = xy+cross, xyd+cross*d
				n++
			}
		}
		if n < 2*minRounds || xx < n*paceSteady*paceSteady {
			return p
		}
		if det := xx*xxdd - xxd*xxd; det > 1e-3*xx*xx {
			p.Fall = min(max((xy*xxd-xyd*xx)/det, 0), 0.5)
		}
		p.Elasticity = min(max((xy+p.Fall*xxd)/xx, 0), 1)
	}
	return p
}

// level are the logarithms of look and time of the steady rounds near the model's
// undisturbed level.
func (m *modelState) level(p Pace) (x, y []float64) {
	rounds := m.Looks.steady()
	if len(rounds) < minRounds {
		return nil, nil
	}
	rest := make([]float64, len(rounds))
	for i, r := range rounds {
		rest[i] = math.Log(m.Whole.Fastest[r] * p.factor(m.Looks.at(r)))
	}
	center := statistics.Quantile(rest, paceLevel)
	for i, r := range rounds {
		if math.Abs(rest[i]-center) < paceLook {
			x, y = append(x, math.Log(m.Looks.at(r))), append(y, math.Log(m.Whole.Fastest[r]))
		}
	}
	return x, y
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(max(len(x), 1))
}

func (p Pace) validate() error {
	if !(p.Look >= 0 && p.Look <= maxTime) || !(p.Elasticity >= 0 && p.Elasticity <= 1) || !(p.Fall >= 0 && p.Fall <= 1) {
		return fmt.Errorf("a pace of %v ns, elasticity %v", p.Look, p.Elasticity)
	}
	return nil
}
