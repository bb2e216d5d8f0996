package search

import (
	"math"

	"nas/space"
)

// Totals are all that Additive knows of an architecture.
type Totals struct {
	Score    float64
	Latency  [MaxTimings]float64 // ns, by timing
	Params   int64
	Streamed int64 // bytes of weights that a run reads whole
	space.Memory
}

// quantity is one of the numbers in a tally.
type quantity int

// Quantities; from times on, those of the timings follow.
const (
	score quantity = iota
	memory
	flash
	params
	times
)

// quantity is what an objective or a limit is called.
func (a *Additive) quantity(name string) (Objective, quantity, bool) {
	for i, o := range []Objective{{Score, "", true}, {Memory, "bytes", false}, {Flash, "bytes", false}, {Params, "", false}} {
		if o.Name == name {
			return o, quantity(i), true
		}
	}
	for i, c := range a.columns {
		if c.name == name {
			return Objective{name, "ns", false}, times + quantity(i), true
		}
	}
	return Objective{}, 0, false
}

// tally is the sum of a stem and layers.
type tally struct {
	part
	cache int64             // bytes of KV cache
	ps    [MaxTimings]int64 // latencies
}

// add adds up what g spells. Times come last, in the regimes that the weights choose.
func (a *Additive) add(g space.Genes, sum *tally) {
	at := a.stemIndex(g)
	sum.part = a.stems[at]
	sum.cache = int64(sum.kv)
	time, single := a.stemTimes[at*a.width], a.width == 1
	var rotaries [256 / 64]uint64
	hidden, genes := int(g[space.GeneHidden]), g[space.GenesStem:]
	for at := 0; len(genes) >= space.GenesLayer; at++ {
		index := a.layerIndex(hidden, genes)
		genes = genes[space.GenesLayer:]
		l := &a.layers[index]
		sum.weights += l.weights
		sum.flash += l.flash
		sum.params += l.params
		sum.streamed += l.streamed
		sum.cache += int64(l.kv)
		if a.position == nil {
			sum.score += l.score
		} else {
			sum.score += a.position[at][index]
		}
		if r := l.rotary; r > 0 && rotaries[r/64]&(1<<(r%64)) == 0 {
			rotaries[r/64] |= 1 << (r % 64)
			sum.weights += a.rotaries[r]
		}
		sum.scratch[0], sum.scratch[1] = max(sum.scratch[0], l.scratch[0]), max(sum.scratch[1], l.scratch[1])
		sum.perWorker[0], sum.perWorker[1] = max(sum.perWorker[0], l.perWorker[0]), max(sum.perWorker[1], l.perWorker[1])
		if single {
			time += a.layerTimes[index]
		}
	}
	if single {
		sum.ps[0] = time + a.columns[0].regimes[0].overhead
		return
	}
	for i := range a.columns {
		c := &a.columns[i]
		k := 0
		for sum.streamed >= c.regimes[k].below {
			k++
		}
		sum.ps[i] = a.time(g, c, k)
	}
}

func (a *Additive) layerIndex(hidden int, genes space.Genes) int {
	return (((hidden*a.counts[0]+int(genes[0]))*a.counts[1]+int(genes[1]))*a.counts[2]+int(genes[2]))*a.counts[3] + int(genes[3])
}

// time is the latency in ps that g would have in a regime.
func (a *Additive) time(g space.Genes, c *column, regime int) int64 {
	k := c.first + regime
	ps := c.regimes[regime].overhead + a.stemTimes[a.stemIndex(g)*a.width+k]
	for hidden, genes := int(g[space.GeneHidden]), g[space.GenesStem:]; len(genes) >= space.GenesLayer; genes = genes[space.GenesLayer:] {
		ps += a.layerTimes[a.layerIndex(hidden, genes)*a.width+k]
	}
	return ps
}

// least is the smallest latency in ns that any regime would give g.
func (a *Additive) least(g space.Genes, c *column) float64 {
	ps := int64(math.MaxInt64)
	for k := range c.regimes {
		ps = min(ps, a.time(g, c, k))
	}
	return float64(ps) / 1000
}

// arena is what the maxima in p make of the arena.
func (p *part) arena(threads int) int64 {
	return max(int64(p.scratch[0])+int64(threads)*int64(p.perWorker[0]), int64(p.scratch[1])+int64(threads)*int64(p.perWorker[1]))
}

// of is the number that q names: ns, bytes, a count.
func (a *Additive) of(sum *tally, q quantity) float64 {
	switch q {
	case score:
		return sum.score
	case memory:
		return float64(sum.weights + sum.cache + sum.arena(a.threads))
	case flash:
		return float64(sum.flash)
	case params:
		return float64(sum.params)
	}
	return float64(sum.ps[q-times]) / 1000
}

// Totals adds up.
func (a *Additive) Totals(g space.Genes) Totals {
	var sum tally
	a.add(g, &sum)
	t := Totals{Score: sum.score, Params: sum.params, Streamed: sum.streamed}
	for i := range a.columns {
		t.Latency[i] = a.of(&sum, times+quantity(i))
	}
	t.Weights, t.KV, t.Flash, t.Arena = int(sum.weights), int(sum.cache), int(sum.flash), int(sum.arena(a.threads))
	return t
}

// Evaluate implements Problem.
func (a *Additive) Evaluate(g space.Genes, values []float64) (violation float64) {
	var sum tally
	a.add(g, &sum)
	for i := range values {
		values[i] = a.of(&sum, a.quantities[i])
	}
	for i := range a.bounds {
		b := &a.bounds[i]
		if v := a.of(&sum, b.quantity); v > b.limit {
			violation += v/b.limit - 1
		}
	}
	return violation
}
