package search

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nas/space"
)

// Names of Additive's objectives and limits, besides those of its timings.
const (
	Score   = "score"
	Latency = "latency" // the usual name of the only timing
	Memory  = "memory"
	Flash   = "flash"
	Params  = "params"
)

// Costs are what Additive adds up.
type Costs struct {
	Timings []Timing
	Base    func(space.Arch) float64
	Layer   func(m space.Model, hidden int, l space.Layer) float64
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
	bounds     []bound
	objectives []Objective
	quantities []quantity // of the objectives
	columns    []column
	width      int     // times of a stem or a layer
	stems      []part  // by embedding and hidden
	layers     []part  // by hidden and layer genes
	stemTimes  []int64 // ps, width for each stem
	layerTimes []int64 // ps, width for each layer
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

// part is what a stem (embedding, head) or a layer adds besides its times. It fills
// one cache line.
type part struct {
	weights   int64
	flash     int64
	params    int64
	streamed  int64
	score     float64
	scratch   [2]int32 // peak of buffers by phase
	perWorker [2]int32
	kv        int32
	rotary    uint8 // number of the shared rotary table, 0: none
}

// NewAdditive makes the problem for a space whose memory is planned for a workload
// and so many threads. objectives are among Score, Memory, Flash, Params and the
// names of the timings; none: score, all timings, memory.
func NewAdditive(s *space.Space, w space.Workload, threads int, c Costs, l Limits, objectives ...string) (*Additive, error) {
	a := &Additive{space: s, workload: w, threads: threads, limits: l}
	if err := w.Validate(s.Model); err != nil {
		return nil, err
	}
	var err error
	if a.columns, a.width, err = columns(c.Timings, s.Model); err != nil {
		return nil, err
	}
	if err := a.choose(objectives); err != nil {
		return nil, err
	}
	if a.bounds, err = a.limitsOf(l); err != nil {
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
			a.stems, a.stemTimes = append(a.stems, stem.part), append(a.stemTimes, stem.times...)
		}
		for i := range layers {
			_, layer := a.parts(0, uint8(hidden), a.layerGenes(i), c)
			a.layers, a.layerTimes = append(a.layers, layer.part), append(a.layerTimes, layer.times...)
		}
	}
	if a.large || len(a.widths) > 254 {
		return nil, fmt.Errorf("search: space %q: a buffer takes more than 2 GiB, or there are more than 254 head widths", s.Name)
	}
	return a, nil
}

// choose takes the objectives by their names.
func (a *Additive) choose(names []string) error {
	if len(names) == 0 {
		names = append(names, Score)
		for _, c := range a.columns {
			names = append(names, c.name)
		}
		names = append(names, Memory)
	}
	for _, name := range names {
		o, q, ok := a.quantity(name)
		if !ok || slices.Contains(a.objectives, o) {
			return fmt.Errorf("search: objective %.40q: choose from %s, each once", name, strings.Join(a.Names(), ", "))
		}
		a.objectives, a.quantities = append(a.objectives, o), append(a.quantities, q)
	}
	return nil
}

// Names are what can be an objective of a.
func (a *Additive) Names() []string {
	names := []string{Score}
	for _, c := range a.columns {
		names = append(names, c.name)
	}
	return append(names, Memory, Flash, Params)
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

// timed is a part with its times.
type timed struct {
	part
	times []int64
}

// parts takes a one-layer architecture apart.
func (a *Additive) parts(embedding, hidden uint8, genes [space.GenesLayer]uint8, c Costs) (stem, layer timed) {
	stem.times, layer.times = make([]int64, a.width), make([]int64, a.width)
	arch := a.space.Arch(append(space.Genes{embedding, hidden, 0}, genes[:]...))
	of := func(inLayer bool) *timed {
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
			if weight.Kind == space.Matrix || weight.Kind == space.Vector { // as Program.Streamed
				to.streamed += int64(weight.Bytes)
			}
		}
		layer.kv = a.small(plan.KV)
	}
	for i, t := range c.Timings {
		for _, s := range space.Lower(arch, t.Workload).Steps {
			times := of(s.Layer == 0).times[a.columns[i].first:]
			for k, regime := range t.Regimes {
				times[k] += picoseconds(regime.Op(s.Op))
			}
		}
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
