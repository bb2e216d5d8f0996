package search

import (
	"errors"
	"math"
	"slices"
)

// ErrQuantities says that too much matters at once.
var ErrQuantities = errors.New("search: more than six quantities are weighed or limited: the exact front would take too long")

// zone is what Exact adds up for models that stream from one number of bytes to
// another: there every timing has one regime. Those of other zones are dropped as soon
// as no layers to come bring them here. Where each regime costs no less than the one
// before, a partial architecture may beat one that streams more: what it then misses
// of the zone costs no more in an earlier one, and is found there. Else only those
// that stream the same are compared.
type zone struct {
	from, end int64 // bytes
	sums      []sum
	dims      int
	same      int // the dimension of what must be the same; -1: none
}

const (
	maxSums = 4 + MaxTimings + 1
	maxDims = 6 // different sums
)

// sum is a quantity that adds up over stem and layers, as a cost.
type sum struct {
	of        func(*part, []int64) float64
	plus      float64 // of every architecture
	limit     float64 // 0: none
	least     float64 // that a whole architecture has
	dim       int     // sums that are the same for every layer share one
	arena     bool    // the arena comes on top
	objective bool

	positional bool // differs by where a layer stands
}

// zones lists those that the regimes make, fewest bytes first.
func (e *exact) zones() (list []*zone, err error) {
	matter := map[quantity]float64{} // limits
	for _, q := range e.quantities {
		matter[q] = 0
	}
	for _, b := range e.Additive.bounds {
		matter[b.quantity] = b.limit
	}
	var ends []int64
	growing := true
	for i, c := range e.columns {
		if _, ok := matter[times+quantity(i)]; ok {
			for _, r := range c.regimes {
				ends = append(ends, r.below)
			}
			growing = growing && e.growing(&c)
		}
	}
	ends = append(ends, math.MaxInt64)
	slices.Sort(ends)
	from := int64(0)
	for _, end := range slices.Compact(ends) {
		if limit := matter[memory]; limit > 0 && float64(from) > limit {
			break // what is streamed is in memory
		}
		z := e.zone(matter, from, end, growing)
		if z.dims > maxDims || len(e.objectives) > maxDims {
			return nil, ErrQuantities
		}
		list, from = append(list, z), end
	}
	return list, nil
}

// growing reports whether every regime of c costs at least what the one before does.
func (e *exact) growing(c *column) bool {
	for k := 1; k < len(c.regimes); k++ {
		for _, table := range [][]int64{e.stemTimes, e.layerTimes} {
			for at := c.first + k; at < len(table); at += e.width {
				if table[at] < table[at-1] {
					return false
				}
			}
		}
		if c.regimes[k].overhead < c.regimes[k-1].overhead {
			return false
		}
	}
	return true
}

// zone makes the sums for models that stream from…end bytes.
func (e *exact) zone(matter map[quantity]float64, from, end int64, growing bool) *zone {
	z := &zone{from: from, end: end, same: -1}
	add := func(q quantity, s sum) {
		limit, ok := matter[q]
		if !ok {
			return
		}
		if s.limit = limit; q >= times {
			s.limit *= 1000 // ps are compared
		}
		s.objective, s.positional = slices.Contains(e.quantities, q), q == score && e.position != nil
		e.place(z, s)
	}
	for i, c := range e.columns {
		at := 0
		for from >= c.regimes[at].below {
			at++
		}
		column := c.first + at
		add(times+quantity(i), sum{of: func(_ *part, t []int64) float64 { return float64(t[column]) }, plus: float64(c.regimes[at].overhead)})
	}
	add(score, sum{of: func(p *part, _ []int64) float64 { return -math.Round(p.score * e.grain) }})
	add(memory, sum{of: func(p *part, _ []int64) float64 { return float64(p.weights + int64(p.kv)) }, arena: true})
	add(flash, sum{of: func(p *part, _ []int64) float64 { return float64(p.flash) }})
	add(params, sum{of: func(p *part, _ []int64) float64 { return float64(p.params) }})
	streamed := sum{of: func(p *part, _ []int64) float64 { return float64(p.streamed) }, least: float64(from)}
	if end < math.MaxInt64 {
		streamed.limit = float64(end - 1)
	}
	if streamed.limit > 0 || streamed.least > 0 {
		e.place(z, streamed)
	}
	if !growing {
		z.same = z.sums[len(z.sums)-1].dim
	}
	return z
}

// place appends s, at a dimension of its own unless an earlier sum is the same for
// every layer.
func (e *exact) place(z *zone, s sum) {
	same := func(of func(*part, []int64) float64) bool {
		for i := range e.layers {
			if row := e.layerTimes[i*e.width:]; s.of(&e.layers[i], row) != of(&e.layers[i], row) {
				return false
			}
		}
		return true
	}
	s.dim = z.dims
	for _, earlier := range z.sums {
		if !s.positional && !earlier.positional && same(earlier.of) {
			s.dim = earlier.dim
			break
		}
	}
	if s.dim == z.dims {
		z.dims++
	}
	z.sums = append(z.sums, s)
}

// empty reports whether no architecture can be in p's zone and within the limits: what
// is limited then is more, by a gap that every architecture has, than what is wanted.
func (e *exact) empty(p *program) bool {
	first, end := e.stemsOf(p.hidden)
	for i := range p.sums {
		for k := range p.sums {
			a, b := &p.sums[i], &p.sums[k]
			if a.limit == 0 || b.least == 0 || a.positional || b.positional {
				continue
			}
			gap := math.Inf(1)
			for s := first; s < end; s++ {
				times := e.stemTimes[s*e.width:]
				gap = min(gap, a.of(&e.stems[s], times)+a.plus-b.of(&e.stems[s], times)-b.plus)
			}
			layer := math.Inf(1)
			for _, l := range p.layers {
				times := e.layerTimes[l*e.width:]
				layer = min(layer, a.of(&e.layers[l], times)-b.of(&e.layers[l], times))
			}
			fewest, most := float64(slices.Min(e.space.Depth)), float64(slices.Max(e.space.Depth))
			if gap += min(layer*fewest, layer*most); a.arena {
				gap += float64(p.rotary)
			}
			if b.least+gap > a.limit {
				return true
			}
		}
	}
	return false
}
