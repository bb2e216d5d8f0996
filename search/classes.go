package search

import (
	"fmt"
	"math"
	"slices"
)

// mostClasses bounds the classes of a program.
const mostClasses = 1 << 11

// classes are what layers need of the arena together. The arena is a maximum, no sum:
// a partial architecture may beat one of its own class and of those that need at least
// as much of everything.
type classes struct {
	needs []part    // of each class; the first is that of no layer
	kinds []int32   // of the layers of a program
	join  [][]int32 // by class and kind: the class of both
	above [][]int32 // by class: those that need at least as much, itself included
}

// classes are those of p's layers; one where memory does not matter. What every stem
// needs anyhow is no difference.
func (e *exact) classes(p *program) (*classes, error) {
	var floor part
	matters := slices.ContainsFunc(p.sums, func(s sum) bool { return s.arena })
	first, end := e.stemsOf(p.hidden)
	for k := first; k < end && matters; k++ {
		if k == first {
			floor = e.stems[k].need()
		}
		for phase := range floor.scratch {
			floor.scratch[phase] = min(floor.scratch[phase], e.stems[k].scratch[phase])
			floor.perWorker[phase] = min(floor.perWorker[phase], e.stems[k].perWorker[phase])
		}
	}
	idle := e.idle(p, &floor)
	c := &classes{}
	var kinds []part
	for _, i := range p.layers {
		need := floor
		if matters {
			need.reach(&e.layers[i])
		}
		for phase := range idle {
			if idle[phase] {
				need.scratch[phase], need.perWorker[phase] = 0, 0
			}
		}
		at := slices.Index(kinds, need)
		if at < 0 {
			at, kinds = len(kinds), append(kinds, need)
		}
		c.kinds = append(c.kinds, int32(at))
	}
	c.needs = []part{{}}
	place := map[part]int32{{}: 0}
	for at := 0; at < len(c.needs); at++ {
		row := make([]int32, len(kinds))
		for k := range kinds {
			need := c.needs[at]
			need.reach(&kinds[k])
			of, known := place[need]
			if !known {
				of = int32(len(c.needs))
				place[need], c.needs = of, append(c.needs, need)
			}
			row[k] = of
		}
		if c.join = append(c.join, row); len(c.needs) > mostClasses {
			return nil, fmt.Errorf("search: layers need the arena in more than %d ways: %w", mostClasses, ErrTooLarge)
		}
	}
	for i := range c.needs {
		var above []int32
		for k := range c.needs {
			if c.needs[i].within(&c.needs[k]) {
				above = append(above, int32(k))
			}
		}
		c.above = append(c.above, above)
	}
	return c, nil
}

// idle tells of each phase whether the other needs more of the arena in any model.
func (e *exact) idle(p *program, floor *part) (idle [2]bool) {
	var most part
	first, end := e.stemsOf(p.hidden)
	for k := first; k < end; k++ {
		most.reach(&e.stems[k])
	}
	least := [2]int64{math.MaxInt64, math.MaxInt64}
	need := func(p *part, phase int) int64 {
		return int64(p.scratch[phase]) + int64(e.threads)*int64(p.perWorker[phase])
	}
	for _, i := range p.layers {
		most.reach(&e.layers[i])
		with := *floor
		with.reach(&e.layers[i])
		for phase := range least {
			least[phase] = min(least[phase], need(&with, phase))
		}
	}
	for phase := range idle {
		idle[phase] = need(&most, phase) <= least[1-phase] && !(phase == 1 && idle[0])
	}
	return idle
}

// need is what p needs of the arena, and nothing else of p.
func (p *part) need() part { return part{scratch: p.scratch, perWorker: p.perWorker} }

// reach raises what p needs to what o needs.
func (p *part) reach(o *part) {
	for phase := range p.scratch {
		p.scratch[phase] = max(p.scratch[phase], o.scratch[phase])
		p.perWorker[phase] = max(p.perWorker[phase], o.perWorker[phase])
	}
}

func (p *part) within(o *part) bool {
	for phase := range p.scratch {
		if p.scratch[phase] > o.scratch[phase] || p.perWorker[phase] > o.perWorker[phase] {
			return false
		}
	}
	return true
}

// sieves are a sieve for each class, of what may beat its partial architectures.
type sieves struct {
	above   [][]int32
	filters []sieve
}

// newSieves expects sums such as the samples.
func newSieves(p *program, samples [][maxDims]float64) *sieves {
	s := &sieves{p.above, make([]sieve, len(p.needs))}
	s.filters[0] = sieve{n: p.dims, same: p.same}
	s.filters[0].expect(samples)
	for i := range s.filters {
		s.filters[i] = s.filters[0]
	}
	return s
}

func (s *sieves) covers(c []float64, class int32) bool { return s.filters[class].covers(c) }

func (s *sieves) keep(c []float64, class int32) bool {
	if s.filters[class].covers(c) {
		return false
	}
	for _, above := range s.above[class] {
		s.filters[above].keep(c)
	}
	return true
}
