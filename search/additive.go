package search

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nas/space"
)

// Names of Additive's objectives.
const (
	Score   = "score"
	Latency = "latency"
	Memory  = "memory"
)

// Costs are what Additive adds up.
type Costs struct {
	Op       func(space.Op) float64 // ns, above 0
	Overhead float64                // ns of a run besides its ops
	Base     func(space.Arch) float64
	Layer    func(m space.Model, hidden int, l space.Layer) float64
}

// Additive is the Problem whose objectives are sums over layers. All its numbers
// are those that space.Lower, space.PlanMemory and space.CountParams give for the
// whole architecture; they come from the programs of one-layer architectures, made
// once for each combination of a layer's genes.
type Additive struct {
	space      *space.Space
	workload   space.Workload
	threads    int
	limits     Limits
	overhead   int64
	objectives []Objective
	stems      []part // by embedding and hidden
	layers     []part // by hidden and layer genes
	counts     [space.GenesLayer]int
	// position, where layers of one kind differ by where they stand, holds their
	// scores: by layer number, then as layers.
	position [][]float64
	rotaries [256]int64 // bytes of each rotary table
	widths   []int      // of heads, by number of their table less one
	large    bool       // something did not fit into a part
}

// maxLayers bounds the table of layers.
const maxLayers = 200000

// part is what a stem (embedding, head) or a layer adds. It fills one cache line.
type part struct {
	latency   int64 // ps: integers add up to the same in any order
	weights   int64
	flash     int64
	params    int64
	score     float64
	scratch   [2]int32 // peak of buffers by phase
	perWorker [2]int32
	kv        int32
	rotary    uint8 // number of the shared rotary table, 0: none
}

// NewAdditive makes the problem for a space under a workload. objectives are among
// Score, Latency and Memory; none: all three.
func NewAdditive(s *space.Space, w space.Workload, threads int, c Costs, l Limits, objectives ...string) (*Additive, error) {
	a := &Additive{space: s, workload: w, threads: threads, limits: l, overhead: picoseconds(c.Overhead)}
	known := []Objective{{Score, "", true}, {Latency, "ns", false}, {Memory, "bytes", false}}
	if len(objectives) == 0 {
		a.objectives = known
	}
	for _, name := range objectives {
		i := slices.IndexFunc(known, func(o Objective) bool { return o.Name == name })
		if i < 0 || slices.Contains(a.objectives, known[i]) {
			return nil, fmt.Errorf("search: objective %.20q: choose from %s, %s and %s, each once", name, Score, Latency, Memory)
		}
		a.objectives = append(a.objectives, known[i])
	}
	if err := w.Validate(s.Model); err != nil {
		return nil, err
	}
	layers := 1
	for j, gene := range []space.Gene{s.Heads, s.HeadWidth, s.KVHeads, s.FFN} {
		a.counts[j] = max(1, len(gene.Choices))
		layers *= a.counts[j]
	}
	embeddings := max(1, len(s.Embedding))
	if (layers+embeddings)*len(s.Hidden) > maxLayers {
		return nil, fmt.Errorf("search: space %q has more than %d kinds of layers; give it fewer choices", s.Name, maxLayers)
	}
	for hidden := range s.Hidden {
		for embedding := range embeddings {
			stem, _ := a.parts(uint8(embedding), uint8(hidden), [space.GenesLayer]uint8{}, c)
			a.stems = append(a.stems, stem)
		}
		for i := range layers {
			_, layer := a.parts(0, uint8(hidden), a.layerGenes(i), c)
			a.layers = append(a.layers, layer)
		}
	}
	if a.large || len(a.widths) > 254 {
		return nil, fmt.Errorf("search: space %q: a buffer takes more than 2 GiB, or there are more than 254 head widths", s.Name)
	}
	return a, nil
}

// layerGenes spells combination i of a layer's genes: the last gene counts fastest.
func (a *Additive) layerGenes(i int) (g [space.GenesLayer]uint8) {
	for j := len(g) - 1; j >= 0; j-- {
		g[j] = uint8(i % a.counts[j])
		i /= a.counts[j]
	}
	return g
}

func (a *Additive) stemIndex(g space.Genes) int {
	return int(g[space.GeneHidden])*max(1, len(a.space.Embedding)) + int(g[space.GeneEmbedding])
}

func picoseconds(ns float64) int64 { return int64(math.Round(ns * 1000)) }

// parts takes a one-layer architecture apart.
func (a *Additive) parts(embedding, hidden uint8, genes [space.GenesLayer]uint8, c Costs) (stem, layer part) {
	arch := a.space.Arch(append(space.Genes{embedding, hidden, 0}, genes[:]...))
	of := func(inLayer bool) *part {
		if inLayer {
			return &layer
		}
		return &stem
	}
	for i, w := range a.workload.Phases() {
		p := space.Lower(arch, w)
		plan := space.Plan(p, 1)
		for _, in := range []bool{false, true} {
			of(in).scratch[i] = a.small(plan.Peak(p, func(s space.Step) bool { return (s.Layer == 0) == in }))
		}
		for _, s := range p.Steps {
			to := of(s.Layer == 0)
			to.perWorker[i] = max(to.perWorker[i], a.small(s.Op.Scratch()))
			if w.Phase == a.workload.Phase {
				to.latency += picoseconds(c.Op(s.Op))
			}
		}
		if i > 0 {
			continue // both phases have the same weights and cache
		}
		for _, weight := range p.Weights {
			if weight.Kind == space.RotaryTable {
				layer.rotary = a.rotary(arch.Layers[0].HeadWidth)
				a.rotaries[layer.rotary] = int64(weight.Bytes)
				continue
			}
			to := of(strings.HasPrefix(weight.Name, "layers."))
			to.weights += int64(weight.Bytes)
			to.flash += int64(weight.Flash)
			to.params += weight.Params()
		}
		layer.kv = a.small(plan.KV)
	}
	stem.score, layer.score = c.Base(arch), c.Layer(arch.Model, arch.Hidden, arch.Layers[0])
	return stem, layer
}

// rotary numbers the head widths, whose tables layers share.
func (a *Additive) rotary(width int) uint8 {
	at := slices.Index(a.widths, width)
	if at < 0 {
		at = len(a.widths)
		a.widths = append(a.widths, width)
	}
	return uint8(min(at+1, 255))
}

// small holds v to the 2 GiB that a part has room for.
func (a *Additive) small(v int) int32 {
	a.large = a.large || v > math.MaxInt32
	return int32(min(v, math.MaxInt32))
}

func (a *Additive) Space() *space.Space     { return a.space }
func (a *Additive) Objectives() []Objective { return a.objectives }

// Totals are all that Additive knows of an architecture.
type Totals struct {
	Score   float64
	Latency float64 // ns
	Params  int64
	space.Memory
}

// Totals adds up.
func (a *Additive) Totals(g space.Genes) Totals {
	sum := a.stems[a.stemIndex(g)]
	var rotaries [256 / 64]uint64
	kv := int64(sum.kv)
	hidden, genes := int(g[space.GeneHidden]), g[space.GenesStem:]
	for at := 0; len(genes) >= space.GenesLayer; at++ {
		index := (((hidden*a.counts[0]+int(genes[0]))*a.counts[1]+int(genes[1]))*a.counts[2]+int(genes[2]))*a.counts[3] + int(genes[3])
		genes = genes[space.GenesLayer:]
		l := &a.layers[index]
		sum.latency += l.latency
		sum.weights += l.weights
		sum.flash += l.flash
		sum.params += l.params
		kv += int64(l.kv)
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
	}
	t := Totals{Score: sum.score, Latency: float64(sum.latency+a.overhead) / 1000, Params: sum.params}
	t.Weights, t.KV, t.Flash = int(sum.weights), int(kv), int(sum.flash)
	t.Arena = int(sum.arena(a.threads))
	return t
}

// arena is what the maxima in p make of the arena.
func (p *part) arena(threads int) int64 {
	return max(int64(p.scratch[0])+int64(threads)*int64(p.perWorker[0]), int64(p.scratch[1])+int64(threads)*int64(p.perWorker[1]))
}

// Evaluate implements Problem.
func (a *Additive) Evaluate(g space.Genes, values []float64) (violation float64) {
	t := a.Totals(g)
	for i := range values {
		switch a.objectives[i].Name {
		case Score:
			values[i] = t.Score
		case Latency:
			values[i] = t.Latency
		case Memory:
			values[i] = float64(t.Total())
		}
	}
	return a.limits.violation(&t)
}
