package search

import (
	"cmp"
	"math"
	"slices"

	"nas/space"
)

// program is one dynamic program: layers of some kinds in models of one hidden width
// whose streamed weights are in one zone.
type program struct {
	*zone
	*classes
	hidden int
	layers []int   // indices
	rotary int64   // bytes of their shared table
	weight float64 // of the work, roughly: see exact.weigh

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
					p.weight = e.weigh(p)
					list = append(list, p)
				}
			}
		}
	}
	// The longest first, so that workers end together.
	slices.SortStableFunc(list, func(a, b *program) int { return cmp.Compare(b.weight, a.weight) })
	return list, nil
}

// weigh says how much work p is, as a share that was seen of measured tables: the square
// of the number of middling layers that its zone and the limit of memory have room for.
func (e *exact) weigh(p *program) float64 {
	first, _ := e.stemsOf(p.hidden)
	stem, thin, thick := float64(e.stems[first].streamed), math.Inf(1), 0.0
	for _, i := range p.layers {
		thin, thick = min(thin, float64(e.layers[i].streamed)), max(thick, float64(e.layers[i].streamed))
	}
	deepest := float64(slices.Max(e.space.Depth))
	room := float64(p.end)
	if e.limits.Memory > 0 {
		room = min(room, float64(e.limits.Memory))
	}
	layers := min((room-stem)/max((thin+thick)/2, 1), deepest)
	if float64(p.from) > stem+deepest*thick {
		layers = 0
	}
	return 1e-3 + max(layers, 0)*max(layers, 0)
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
