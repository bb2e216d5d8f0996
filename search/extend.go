package search

import (
	"context"
	"math"
	"slices"

	"nas/space"
)

// partial is an architecture of some layers: its sums, and how it came to be.
type partial struct {
	sums   [maxDims]float64
	parent int32
	option int32 // the last layer, of the level's options
	class  int32
}

// level is what a program finds of a number of layers.
type level struct {
	partials []partial
	options  []option // that their last layers are among
}

// room is what may come on top of a partial architecture, besides the arena.
type room struct{ least, most [maxSums]float64 }

// solve runs one program and returns what its front has to offer.
//
// Where a layer counts the same wherever it stands, every set of layers is spelled
// once: options in their order. A partial architecture that another covers may be
// dropped all the same, though layers to come may not follow the other's last one: the
// other with these layers, spelled in order, is another set that costs no more, and of
// sets that cost the same the first in the order of spelling is kept throughout.
func (e *exact) solve(ctx context.Context, p *program, told func(weight float64)) []space.Genes {
	deepest := slices.Max(e.space.Depth)
	r, layer := e.room(p)
	for i := range p.sums {
		r.most[i] += float64(deepest) * layer[i]
	}
	levels := []level{{partials: []partial{{}}}}
	var offers []offer
	stems := e.stemsFor(p)
	for depth := 1; depth <= deepest; depth++ {
		for i := range p.sums {
			r.most[i] -= layer[i]
		}
		options, from := e.optionsAt(p, depth-1), levels[depth-1].partials
		m := merger{exact: e, program: p, room: &r, filter: newSieves(p, samples(from, options, p.dims)), streams: make([]stream, len(options))}
		for i := range options {
			m.streams[i] = stream{option: &options[i], number: int32(i), at: -1}
		}
		next := m.merge(ctx, from)
		if e.stopped(ctx) {
			return nil
		}
		levels = append(levels, level{next, options})
		if at := slices.Index(e.space.Depth, depth); at >= 0 {
			offers = e.offer(offers, next, stems, p, at)
		}
		told(p.weight * float64(2*depth-1) / float64(deepest*deepest))
	}
	var list []space.Genes
	for _, o := range front(offers, func(o *offer) []float64 { return o.costs[:len(e.objectives)] }, -1) {
		list = append(list, e.genes(levels, p, o))
	}
	return list
}

// room is what a stem may add, and what a layer adds at most.
func (e *exact) room(p *program) (r room, layer [maxSums]float64) {
	first, end := e.stemsOf(p.hidden)
	for i, s := range p.sums {
		r.least[i], r.most[i] = math.Inf(1), math.Inf(-1)
		for k := first; k < end; k++ {
			v := s.of(&e.stems[k], e.stemTimes[k*e.width:])
			r.least[i], r.most[i] = min(r.least[i], v), max(r.most[i], v)
		}
		plus := s.plus
		if s.arena {
			plus += float64(p.rotary)
		}
		r.least[i] += plus
		r.most[i] += plus
		for _, k := range p.layers {
			layer[i] = max(layer[i], s.of(&e.layers[k], e.layerTimes[k*e.width:]))
		}
	}
	return r, layer
}
