package search

import (
	"math"
	"math/rand/v2"
	"slices"
)

// surveySamples give the share that is feasible to about half a percent.
const surveySamples = 10000

// Survey is what a space reaches of the quantities that are limited.
type Survey struct {
	Samples    int
	Feasible   int // of the samples: random architectures
	Quantities []Reach
}

// Reach is what a space reaches of one quantity.
type Reach struct {
	Limit
	Smallest, Typical, Largest float64 // Typical is the median of random architectures
}

// Share is the part of random architectures within the limits.
func (s *Survey) Share() float64 { return float64(s.Feasible) / float64(s.Samples) }

// Survey looks at the limits before a search. Smallest and Largest are those of
// architectures whose layers are alike, which no mixed one is beyond (see
// Feasibility).
func (a *Additive) Survey(seed uint64) *Survey {
	s := &Survey{Samples: surveySamples}
	values := make([][]float64, len(a.bounds))
	random := rand.New(rand.NewPCG(seed, 1<<32))
	var sum tally
	for range s.Samples {
		a.add(a.space.Sample(random), &sum)
		fits := true
		for k := range a.bounds {
			v := a.of(&sum, a.bounds[k].quantity)
			fits = fits && v <= a.bounds[k].limit
			values[k] = append(values[k], v)
		}
		if fits {
			s.Feasible++
		}
	}
	for k, b := range a.bounds {
		slices.Sort(values[k])
		r := Reach{Limit: b.Limit, Smallest: math.Inf(1), Typical: values[k][len(values[k])/2]}
		for _, depth := range []int{0, len(a.space.Depth) - 1} {
			for g := range a.uniform(depth) {
				a.add(g, &sum)
				v := a.of(&sum, b.quantity)
				r.Smallest, r.Largest = min(r.Smallest, v), max(r.Largest, v)
			}
		}
		s.Quantities = append(s.Quantities, r)
	}
	return s
}
