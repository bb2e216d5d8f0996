package search

import (
	"fmt"

	"nas/space"
)

// Limits are upper bounds of what an architecture may need; 0 is none.
type Limits struct {
	Memory  int64   // bytes of weights, arena and KV cache
	Flash   int64   // bytes of the weights file
	Params  int64   // parameters, the embedding's included
	Latency float64 // ns
}

// Limit is one of them with what is to be held against it.
type Limit struct {
	Name  string
	Limit float64
	of    func(Totals) float64
}

func (l Limits) list() []Limit {
	all := []Limit{
		{"memory", float64(l.Memory), func(t Totals) float64 { return float64(t.Total()) }},
		{"flash", float64(l.Flash), func(t Totals) float64 { return float64(t.Flash) }},
		{"params", float64(l.Params), func(t Totals) float64 { return float64(t.Params) }},
		{"latency", l.Latency, func(t Totals) float64 { return t.Latency }},
	}
	var set []Limit
	for _, limit := range all {
		if limit.Limit > 0 {
			set = append(set, limit)
		}
	}
	return set
}

// violation is the sum of relative excesses.
func (l *Limits) violation(t *Totals) float64 {
	v := excess(float64(t.Total()), float64(l.Memory)) + excess(float64(t.Flash), float64(l.Flash))
	return v + excess(float64(t.Params), float64(l.Params)) + excess(t.Latency, l.Latency)
}

func excess(v, limit float64) float64 {
	if limit == 0 || v <= limit {
		return 0
	}
	return v/limit - 1
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
// larger.
func (a *Additive) Feasibility() (seeds []space.Genes, proved bool, err error) {
	limits := a.limits.list()
	type least struct {
		value  float64
		genes  space.Genes
		totals Totals
	}
	objectives := append([]Limit{}, limits...)
	if len(objectives) == 0 {
		objectives = Limits{Memory: 1}.list()
		proved = true
	}
	best := make([]least, len(objectives))
	for hidden := range a.space.Hidden {
		for embedding := range max(1, len(a.space.Embedding)) {
			for i := range len(a.layers) / len(a.space.Hidden) {
				g := space.Genes{uint8(embedding), uint8(hidden), 0}
				layer := a.layerGenes(i)
				for range a.space.Depth[0] {
					g = append(g, layer[:]...)
				}
				t := a.Totals(g)
				if !proved && a.limits.violation(&t) == 0 {
					proved = true
					seeds = append(seeds, g)
				}
				for k, o := range objectives {
					if v := o.of(t); best[k].genes == nil || v < best[k].value {
						best[k] = least{v, g, t}
					}
				}
			}
		}
	}
	for k, b := range best {
		seeds = append(seeds, b.genes)
		if k < len(limits) && b.value > limits[k].Limit {
			return nil, false, &Infeasible{limits[k], b.value, b.genes, b.totals}
		}
	}
	return seeds, proved, nil
}
