package search

import (
	"fmt"
	"math"

	"nas/space"
)

// Limits are upper bounds of what an architecture may need; 0 is none.
type Limits struct {
	Memory  int64     // bytes of weights, arena and KV cache
	Flash   int64     // bytes of the weights file
	Params  int64     // parameters, the embedding's included
	Latency []float64 // ns, by timing; may be shorter
}

// bound is a limit of a problem.
type bound struct {
	Limit
	quantity quantity
	limit    float64
}

// Limit is one of the limits.
type Limit struct {
	Name  string
	Limit float64
}

// limitsOf lists those that are set.
func (a *Additive) limitsOf(l Limits) (list []bound, err error) {
	if len(l.Latency) > len(a.columns) {
		return nil, fmt.Errorf("search: %d limits of %d latencies", len(l.Latency), len(a.columns))
	}
	add := func(q quantity, name string, v float64) {
		if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			err = fmt.Errorf("search: the limit of %s is %v", name, v)
		}
		if v > 0 {
			list = append(list, bound{Limit{name, v}, q, v})
		}
	}
	add(memory, Memory, float64(l.Memory))
	add(flash, Flash, float64(l.Flash))
	add(params, Params, float64(l.Params))
	for i, v := range l.Latency {
		add(times+quantity(i), a.columns[i].name, v)
	}
	return list, err
}

// Infeasible is the limit that no architecture of the space meets.
type Infeasible struct {
	Limit
	Smallest float64     // the least that the space reaches
	Genes    space.Genes // the architecture that reaches it
	Totals
}

func (e *Infeasible) Error() string {
	return fmt.Sprintf("search: %s: the limit is %.0f, the smallest of the space is %.0f", e.Name, e.Limit.Limit, e.Smallest)
}

// Feasibility answers without a search. The error is an *Infeasible if a limit is
// below what any architecture reaches. Otherwise seeds are architectures that are
// smallest in something, one of which meets all limits if proved; not proved, the
// limits exclude each other or leave little, and only a search can tell.
//
// It is exact for each limit, because a smallest architecture has the least number
// of layers, all alike: every quantity is a sum over layers or, as the arena, a
// maximum of them, so that replacing all layers by the best of them never makes it
// larger. A latency of several regimes is not such a sum; it is refused only below
// the least sum of its regimes.
func (a *Additive) Feasibility() (seeds []space.Genes, proved bool, err error) {
	type least struct {
		value, certain float64
		genes          space.Genes
		totals         Totals
	}
	bounds := a.bounds
	if len(bounds) == 0 {
		bounds = []bound{{Limit{Memory, math.Inf(1)}, memory, math.Inf(1)}}
	}
	best := make([]least, len(bounds))
	for g := range a.uniform(0) {
		var sum tally
		a.add(g, &sum)
		fits := true
		for k, b := range bounds {
			v := a.of(&sum, b.quantity)
			fits = fits && v <= b.limit
			certain := v
			if b.quantity >= times {
				certain = a.least(g, &a.columns[b.quantity-times])
			}
			if best[k].genes == nil {
				best[k] = least{v, certain, nil, Totals{}}
			}
			if best[k].genes == nil || v < best[k].value {
				best[k].value, best[k].genes, best[k].totals = v, append(space.Genes{}, g...), a.Totals(g)
			}
			best[k].certain = min(best[k].certain, certain)
		}
		if fits && !proved {
			proved = true
			seeds = append(seeds, append(space.Genes{}, g...))
		}
	}
	for k, b := range best {
		seeds = append(seeds, b.genes)
		if b.certain > bounds[k].limit {
			return nil, false, &Infeasible{bounds[k].Limit, b.value, b.genes, b.totals}
		}
	}
	return seeds, proved, nil
}

// uniform yields all architectures of one depth whose layers are alike, each in
// memory that the next one overwrites.
func (a *Additive) uniform(depth int) func(yield func(space.Genes) bool) {
	return func(yield func(space.Genes) bool) {
		g := make(space.Genes, space.GenesStem+a.space.Depth[depth]*space.GenesLayer)
		g[space.GeneDepth] = uint8(depth)
		for hidden := range a.space.Hidden {
			for embedding := range max(1, len(a.space.Embedding)) {
				g[space.GeneHidden], g[space.GeneEmbedding] = uint8(hidden), uint8(embedding)
				for i := range len(a.layers) / len(a.space.Hidden) {
					layer := a.layerGenes(i)
					for l := range g.Layers() {
						copy(g.Layer(l), layer[:])
					}
					if !yield(g) {
						return
					}
				}
			}
		}
	}
}
