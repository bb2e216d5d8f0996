package search

import (
	"slices"

	"nas/space"
)

// program is one dynamic program: layers of some kinds in models of one hidden width
// whose streamed weights are in one zone.
type program struct {
	*zone
	*classes
	hidden int
	layers []int // indices
	rotary int64 // bytes of their shared table
	weight float64

	options []option // see exact.optionsAt
}

// programs lists them: for each hidden width, choice of the genes that layers share,
// and zone.
func (e *exact) programs() (list []*program, err error) {
	perHidden := len(e.layers) / len(e.space.Hidden)
	groups := map[[space.GenesLayer]uint8][]int{}
	var order [][space.GenesLayer]uint8
	for i := range perHidden {
		key := e.layerGenes(i)
		for j, gene := range []space.Gene{e.space.Heads, e.space.HeadWidth, e.space.KVHeads, e.space.FFN} {
			if gene.PerLayer {
				key[j] = 0
			}
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], i)
	}
	zones, err := e.zones()
	if err != nil {
		return nil, err
	}
	for hidden := range e.space.Hidden {
		for _, key := range order {
			var layers []int
			for _, i := range groups[key] {
				layers = append(layers, hidden*perHidden+i)
			}
			first := &e.layers[layers[0]]
			for _, i := range layers {
				if e.layers[i].rotary != first.rotary {
					return nil, ErrNotSeparable
				}
			}
			var of *classes
			for _, z := range zones {
				p := &program{zone: z, hidden: hidden, layers: layers, rotary: e.rotaries[first.rotary]}
				if of == nil { // memory matters to all zones or to none
					if of, err = e.classes(p); err != nil {
						return nil, err
					}
				}
				if p.classes = of; !e.empty(p) {
					list = append(list, p)
				}
			}
		}
	}
	return list, nil
}

// stemsOf are the indices of the stems of a width.
func (e *exact) stemsOf(hidden int) (first, end int) {
	n := len(e.stems) / len(e.space.Hidden)
	return hidden * n, (hidden + 1) * n
}

// option is what a layer adds.
type option struct {
	sums  [maxDims]float64
	kind  int32 // of the classes
	index int32 // of the layer
}

// optionsAt are the layers that no other beats in every sum and need, for one at a
// position.
func (e *exact) optionsAt(p *program, position int) []option {
	if p.options != nil && e.position == nil {
		return p.options
	}
	var list []option
	for n, index := range p.layers {
		o := option{index: int32(index), kind: p.kinds[n]}
		l := e.layers[index]
		if e.position != nil {
			l.score = e.position[position][index]
		}
		for _, s := range p.sums {
			o.sums[s.dim] = s.of(&l, e.layerTimes[index*e.width:])
		}
		list = append(list, o)
	}
	slices.SortStableFunc(list, func(a, b option) int { return slices.Compare(a.sums[:p.dims], b.sums[:p.dims]) })
	best := newSieves(p, nil)
	p.options = nil
	for _, o := range list {
		if best.keep(o.sums[:p.dims], p.join[0][o.kind]) {
			p.options = append(p.options, o)
		}
	}
	return p.options
}
