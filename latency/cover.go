package latency

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"nas/space"
)

const (
	drawn       = 1500 // architectures that Cover chooses from
	maxCovering = 72   // models of a covering, before those that only complete it
	occurrences = 5    // models in which each op should stand
	perRegime   = 5    // models of each regime
)

// Cover chooses models of a space that together hold all its ops under w, each in
// several models, and that are of all sizes: what Measure times for a table. The
// cheapest such models are preferred, and all together cost no more than limit (see
// Cost; 0: any): on a slow device many ops stand alone instead. Equal random numbers
// choose the same.
func Cover(s *space.Space, w space.Workload, limit float64, r *rand.Rand) ([]*space.Program, error) {
	ops, err := s.Ops(w)
	if err != nil {
		return nil, err
	}
	var candidates []candidate
	for _, g := range append(extremes(s), draw(s, r, drawn)...) {
		candidates = append(candidates, newCandidate(space.Lower(s.Arch(g), w)))
	}
	c := covering{ops: map[space.Op]int{}, regimes: map[int]int{}}
	if limit == 0 {
		limit = math.Inf(1)
	}
	for _, k := range candidates[:2] {
		if c.cost+k.cost <= limit {
			c.take(k)
		}
	}
	for range maxCovering {
		best, most := 0, 0.0
		for i := range candidates {
			if c.cost+candidates[i].cost > limit {
				continue
			}
			if gain := c.gain(&candidates[i]); gain > most {
				best, most = i, gain
			}
		}
		if most == 0 {
			break
		}
		c.take(candidates[best])
	}
	for _, o := range ops { // what no drawn model has stands alone
		if c.ops[o] == 0 {
			c.programs = append(c.programs, space.Probe(o))
		}
	}
	return c.programs, nil
}

type candidate struct {
	program *space.Program
	ops     []space.Op
	cost    float64
	regime  int
}

func newCandidate(p *space.Program) candidate {
	ops, _ := p.Ops()
	return candidate{p, ops, Cost(p), regimeOf(p.Streamed())}
}

// Cost is a rough measure of what a run of p computes and moves, in multiply-adds.
func Cost(p *space.Program) float64 {
	sum := 0.0
	for _, s := range p.Steps {
		sum += work(s.Op)
	}
	return sum
}

type covering struct {
	programs []*space.Program
	cost     float64
	ops      map[space.Op]int
	regimes  map[int]int
}

func (c *covering) take(k candidate) {
	c.programs = append(c.programs, k.program)
	c.cost += k.cost
	c.regimes[k.regime]++
	for _, o := range k.ops {
		c.ops[o]++
	}
}

// gain is what a candidate adds for its cost. Ops and regimes are worth less the
// more often they are there already.
func (c *covering) gain(k *candidate) float64 {
	worth := 0.0
	for _, o := range k.ops {
		if n := c.ops[o]; n < occurrences {
			worth += 1 / float64(1+3*n)
		}
	}
	if n := c.regimes[k.regime]; n < perRegime {
		worth += 4 / float64(1+n)
	}
	return worth / math.Sqrt(k.cost)
}

// extremes are the smallest and the largest architecture.
func extremes(s *space.Space) []space.Genes {
	small := slices.MinFunc([]int{0, len(s.Depth) - 1}, func(i, j int) int { return cmp.Compare(s.Depth[i], s.Depth[j]) })
	large := slices.MaxFunc([]int{0, len(s.Depth) - 1}, func(i, j int) int { return cmp.Compare(s.Depth[i], s.Depth[j]) })
	layer := [space.GenesLayer]int{len(s.Heads.Choices), len(s.HeadWidth.Choices), len(s.KVHeads.Choices), len(s.FFN.Choices)}
	spell := func(depth int, at func(choices int) uint8) space.Genes {
		g := space.Genes{at(len(s.Embedding)), at(len(s.Hidden)), uint8(depth)}
		for range s.Depth[depth] {
			for _, n := range layer {
				g = append(g, at(n))
			}
		}
		return g
	}
	return []space.Genes{spell(small, func(int) uint8 { return 0 }), spell(large, func(n int) uint8 { return uint8(max(n-1, 0)) })}
}

// draw draws n architectures of very different sizes: every second one has only the
// first of each gene's choices, by a share that is drawn for it. (Uniform genes
// alone give models of nearly one size.)
func draw(s *space.Space, r *rand.Rand, n int) []space.Genes {
	list := make([]space.Genes, n)
	for i := range list {
		g := s.Sample(r)
		if i%2 == 1 {
			share := r.Float64()
			g[space.GeneHidden] = uint8(float64(g[space.GeneHidden]) * share)
			for l := range g.Layers() {
				for j := range g.Layer(l) {
					g.Layer(l)[j] = uint8(float64(g.Layer(l)[j]) * share)
				}
			}
		}
		list[i] = g
	}
	return list
}
