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
}

// maxLayers bounds the table of layers.
const maxLayers = 200000

// part is what a stem (embedding, head) or a layer adds.
type part struct {
	latency    int64 // ps: integers add up to the same in any order
	weights    int64
	flash      int64
	params     int64
	kv         int64
	score      float64
	rotary     uint8    // number of the shared rotary table, 0: none
	scratch    [2]int64 // peak of buffers by phase
	perWorker  [2]int64
	rotarySize int64
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
	return a, nil
}

// layerGenes spells combination i of a layer's genes; layerIndex is the way back.
func (a *Additive) layerGenes(i int) (g [space.GenesLayer]uint8) {
	for j := len(g) - 1; j >= 0; j-- {
		g[j] = uint8(i % a.counts[j])
		i /= a.counts[j]
	}
	return g
}

func (a *Additive) layerIndex(hidden uint8, g space.Genes) int {
	i := int(hidden)
	for j, v := range g {
		i = i*a.counts[j] + int(v)
	}
	return i
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
			of(in).scratch[i] = int64(plan.Peak(p, func(s space.Step) bool { return (s.Layer == 0) == in }))
		}
		for _, s := range p.Steps {
			to := of(s.Layer == 0)
			to.perWorker[i] = max(to.perWorker[i], int64(s.Op.Scratch()))
			if w.Phase == a.workload.Phase {
				to.latency += picoseconds(c.Op(s.Op))
			}
		}
		if i > 0 {
			continue // both phases have the same weights and cache
		}
		for _, weight := range p.Weights {
			if weight.Kind == space.RotaryTable {
				layer.rotary, layer.rotarySize = a.rotary(genes), int64(weight.Bytes)
				continue
			}
			to := of(strings.HasPrefix(weight.Name, "layers."))
			to.weights += int64(weight.Bytes)
			to.flash += int64(weight.Flash)
			to.params += weight.Params()
		}
		layer.kv = int64(plan.KV)
	}
	stem.score, layer.score = c.Base(arch), c.Layer(arch.Model, arch.Hidden, arch.Layers[0])
	return stem, layer
}

// rotary numbers the head widths, whose tables layers share: within one
// architecture the width is a choice of its own, or follows from the heads.
func (a *Additive) rotary(genes [space.GenesLayer]uint8) uint8 {
	if len(a.space.HeadWidth.Choices) > 0 {
		return 1 + genes[space.GeneHeadWidth]
	}
	return 1 + genes[space.GeneHeads]
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
	for i := range g.Layers() {
		l := &a.layers[a.layerIndex(g[space.GeneHidden], g.Layer(i))]
		sum.latency += l.latency
		sum.weights += l.weights
		sum.flash += l.flash
		sum.params += l.params
		sum.kv += l.kv
		sum.score += l.score
		if r := l.rotary; r > 0 && rotaries[r/64]&(1<<(r%64)) == 0 {
			rotaries[r/64] |= 1 << (r % 64)
			sum.weights += l.rotarySize
		}
		for phase := range sum.scratch {
			sum.scratch[phase] = max(sum.scratch[phase], l.scratch[phase])
			sum.perWorker[phase] = max(sum.perWorker[phase], l.perWorker[phase])
		}
	}
	t := Totals{Score: sum.score, Latency: float64(sum.latency+a.overhead) / 1000, Params: sum.params}
	t.Weights, t.KV, t.Flash = int(sum.weights), int(sum.kv), int(sum.flash)
	for phase := range sum.scratch {
		t.Arena = max(t.Arena, int(sum.scratch[phase])+a.threads*int(sum.perWorker[phase]))
	}
	return t
}

// Evaluate implements Problem.
func (a *Additive) Evaluate(g space.Genes, values []float64) (violation float64) {
	t := a.Totals(g)
	for i, o := range a.objectives {
		switch o.Name {
		case Score:
			values[i] = t.Score
		case Latency:
			values[i] = t.Latency
		case Memory:
			values[i] = float64(t.Total())
		}
	}
	return a.limits.violation(t)
}
