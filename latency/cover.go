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
	strata      = 48   // models of a covering that are of one size each
	maxCovering = 72   // models of a covering, before those that only complete it
	occurrences = 5    // models in which each op should stand
)

// Cover chooses models of a space that together hold all its ops under w, each in
// several models, and that are of all sizes, evenly by the logarithm of their cost:
// what Measure times for a table. All together cost no more than limit (see Cost; 0:
// any): on a slow device the largest are left out and many ops stand alone instead.
// Equal random numbers choose the same.
func Cover(s *space.Space, w space.Workload, limit float64, r *rand.Rand) ([]*space.Program, error) {
	ops, err := s.Ops(w)
	if err != nil {
		return nil, err
	}
	var candidates []candidate
	seen := map[string]bool{}
	for _, g := range append(extremes(s), draw(s, r, drawn)...) {
		arch := s.Arch(g)
		if key := arch.Key(); !seen[key] || len(candidates) < 2 {
			seen[key] = true
			candidates = append(candidates, newCandidate(space.Lower(arch, w)))
		}
	}
	if limit == 0 {
		limit = math.Inf(1)
	}
	c := covering{limit: limit, ops: map[space.Op]int{}}
	low, high := math.Log(candidates[0].cost), math.Log(candidates[1].cost)
	for extreme := range 2 {
		c.best(candidates[extreme:extreme+1], func(*candidate) float64 { return 1 })
	}
	for i := 1; i <= strata; i++ {
		if i > strata*2/3 && i%2 == 0 { // the large ones take most of the time
			continue
		}
		c.best(candidates, func(k *candidate) float64 {
			at := (math.Log(k.cost) - low) / max(high-low, 1e-9) * (strata + 1)
			if math.Round(at) != float64(i) {
				return 0
			}
			return 1 + c.gain(k)
		})
	}
	for len(c.programs) < maxCovering && c.best(candidates, func(k *candidate) float64 { return c.gain(k) / math.Sqrt(k.cost) }) {
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
	taken   bool
}

func newCandidate(p *space.Program) candidate {
	ops, _ := p.Ops()
	return candidate{program: p, ops: ops, cost: Cost(p)}
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
	limit    float64 // of the cost that is left
	ops      map[space.Op]int
}

// best takes the candidate of the largest worth that may still be taken, if any has
// one above zero.
func (c *covering) best(candidates []candidate, worth func(*candidate) float64) bool {
	var best *candidate
	most := 0.0
	for i := range candidates {
		k := &candidates[i]
		if k.taken || k.cost > c.limit {
			continue
		}
		if w := worth(k); w > most {
			best, most = k, w
		}
	}
	if best == nil {
		return false
	}
	best.taken = true
	c.programs, c.limit = append(c.programs, best.program), c.limit-best.cost
	for _, o := range best.ops {
		c.ops[o]++
	}
	return true
}

// gain is what a candidate adds. Ops are worth less the more often they are there
// already.
func (c *covering) gain(k *candidate) (worth float64) {
	for _, o := range k.ops {
		if n := c.ops[o]; n < occurrences {
			worth += 1 / float64(1+3*n)
		}
	}
	return worth
}

// extremes are the smallest and the largest architecture.
func extremes(s *space.Space) []space.Genes {
	small := slices.MinFunc([]int{0, len(s.Depth) - 1}, func(i, j int) int { return cmp.Compare(s.Depth[i], s.Depth[j]) })
	large := slices.MaxFunc([]int{0, len(s.Depth) - 1}, func(i, j int) int { return cmp.Compare(s.Depth[i], s.Depth[j]) })
	layer := layerChoices(s)
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

// layerChoices is how many choices each gene of a layer has.
func layerChoices(s *space.Space) [space.GenesLayer]int {
	return [...]int{len(s.Heads.Choices), len(s.HeadWidth.Choices), len(s.KVHeads.Choices), len(s.FFN.Choices)}
}

// draw draws n architectures of very different sizes: of three one keeps to the first
// of each gene's choices, and one to the last, by a share that is drawn for it.
// (Uniform genes alone give models of nearly one size, and none between them and the
// largest.)
func draw(s *space.Space, r *rand.Rand, n int) []space.Genes {
	layer := layerChoices(s)
	list := make([]space.Genes, n)
	for i := range list {
		g := s.Sample(r)
		share := r.Float64()
		squeeze := func(gene *uint8, choices int) {
			last := uint8(max(choices-1, 0))
			switch i % 3 {
			case 1:
				*gene = uint8(float64(*gene) * share)
			case 2:
				*gene = last - uint8(float64(last-*gene)*share)
			}
		}
		squeeze(&g[space.GeneHidden], len(s.Hidden))
		for l := range g.Layers() {
			for j := range g.Layer(l) {
				squeeze(&g.Layer(l)[j], layer[j])
			}
		}
		list[i] = g
	}
	return list
}
