package search

import "nas/space"

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
	cache int64 // bytes of KV cache
	times [maxRegimes]int64
}

// add adds up what g spells.
func (a *Additive) add(g space.Genes, sum *tally) {
	at := a.stemIndex(g)
	sum.part = a.stems[at]
	sum.cache = int64(sum.kv)
	width := a.width
	copy(sum.times[:width], a.stemTimes[at*width:])
	var rotaries [256 / 64]uint64
	hidden, genes := int(g[space.GeneHidden]), g[space.GenesStem:]
	first := sum.times[0]
	for at := 0; len(genes) >= space.GenesLayer; at++ {
		index := (((hidden*a.counts[0]+int(genes[0]))*a.counts[1]+int(genes[1]))*a.counts[2]+int(genes[2]))*a.counts[3] + int(genes[3])
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
		row := a.layerTimes[index*width:][:width]
		first += row[0]
		for k := 1; k < len(row); k++ {
			sum.times[k] += row[k]
		}
	}
	sum.times[0] = first
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
	return float64(a.columns[q-times].ps(sum.times[:], sum.streamed)) / 1000
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
