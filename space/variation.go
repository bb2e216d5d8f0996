package space

import (
	"math/rand/v2"
	"slices"
)

// Sample draws an architecture: the depth uniformly among the depths, every other
// gene uniformly among its choices.
func (s *Space) Sample(r *rand.Rand) Genes {
	g := make(Genes, GenesStem)
	for i := range g {
		g[i] = uint8(r.IntN(s.choices(i)))
	}
	genes := s.layerGenes()
	for range s.Depth[g[GeneDepth]] {
		g = append(g, 0, 0, 0, 0)
		layer := g.Layer(g.Layers() - 1)
		for j, gene := range genes {
			layer[j] = uint8(r.IntN(max(1, len(gene.Choices))))
			if !gene.PerLayer {
				layer[j] = g.Layer(0)[j]
			}
		}
	}
	return g
}

// Mutate returns a varied copy of g. One of five moves is drawn, and with a
// probability of one third another after it:
//
//   - one gene of one layer (of all, where they share it) takes a step or a new value,
//   - one gene of all layers takes a step in the same direction,
//   - the depth takes a step: a layer is doubled or dropped,
//   - the hidden or the embedding width takes a step,
//   - the coupled move: the hidden width or the depth steps one way, a gene of all
//     layers the other, which keeps the cost near and crosses from one to the next.
func (s *Space) Mutate(r *rand.Rand, g Genes) Genes {
	g = slices.Clone(g)
	for {
		switch n := r.IntN(18); {
		case n < 7:
			s.mutateLayer(r, g)
		case n < 9:
			s.shift(r, g, 1-2*r.IntN(2))
		case n < 12:
			g = s.resize(r, g)
		case n < 14:
			s.step(r, g, GeneHidden+r.IntN(2)*(GeneEmbedding-GeneHidden))
		default:
			g = s.couple(r, g)
		}
		if r.IntN(3) != 0 {
			return g
		}
	}
}

// Step returns a copy of g with one gene of one layer, or one of the stem, changed:
// the smallest move there is.
func (s *Space) Step(r *rand.Rand, g Genes) Genes {
	g = slices.Clone(g)
	switch n := r.IntN(8); {
	case n < 5:
		s.mutateLayer(r, g)
	case n < 6:
		g = s.resize(r, g)
	default:
		s.step(r, g, GeneHidden+r.IntN(2)*(GeneEmbedding-GeneHidden))
	}
	return g
}

// mutateLayer changes one gene of one layer.
func (s *Space) mutateLayer(r *rand.Rand, g Genes) {
	j, gene, ok := s.drawGene(r)
	if !ok {
		return
	}
	i := r.IntN(g.Layers())
	v := nudge(r, g.Layer(i)[j], len(gene.Choices))
	if gene.PerLayer {
		g.Layer(i)[j] = v
		return
	}
	for i := range g.Layers() {
		g.Layer(i)[j] = v
	}
}

// shift moves one gene of all layers by one step, as far as there are choices.
func (s *Space) shift(r *rand.Rand, g Genes, by int) {
	j, gene, ok := s.drawGene(r)
	if !ok {
		return
	}
	for i := range g.Layers() {
		layer := g.Layer(i)
		layer[j] = uint8(min(max(int(layer[j])+by, 0), len(gene.Choices)-1))
	}
}

// couple steps the hidden width or the depth, and a gene or two of all layers the other
// way.
func (s *Space) couple(r *rand.Rand, g Genes) Genes {
	i := GeneHidden + r.IntN(2)*(GeneDepth-GeneHidden)
	before := int(g[i])
	if i == GeneHidden {
		s.step(r, g, i)
	} else {
		g = s.resize(r, g)
	}
	if by := before - int(g[i]); by != 0 {
		s.shift(r, g, by)
		if r.IntN(2) == 0 {
			s.shift(r, g, by)
		}
	}
	return g
}

// step moves a stem gene to a neighbouring choice.
func (s *Space) step(r *rand.Rand, g Genes, i int) {
	if n := s.choices(i); n > 1 {
		g[i] = neighbour(r, g[i], n)
	}
}

// resize steps the depth: it doubles or drops layers drawn at random.
func (s *Space) resize(r *rand.Rand, g Genes) Genes {
	s.step(r, g, GeneDepth)
	want := s.Depth[g[GeneDepth]]
	for g.Layers() < want {
		at := GenesStem + GenesLayer*r.IntN(g.Layers())
		g = slices.Insert(g, at, slices.Clone(g[at:at+GenesLayer])...)
	}
	for g.Layers() > want {
		at := GenesStem + GenesLayer*r.IntN(g.Layers())
		g = slices.Delete(g, at, at+GenesLayer)
	}
	return g
}

// Cross returns a child of a and b: stem genes from either, layers from a up to a
// cut and from b behind it, the depth being that of one of them.
func (s *Space) Cross(r *rand.Rand, a, b Genes) Genes {
	if r.IntN(2) == 0 {
		a, b = b, a
	}
	g := slices.Clone(a)
	if r.IntN(2) == 0 {
		g[GeneEmbedding] = b[GeneEmbedding]
	}
	if r.IntN(4) == 0 {
		g[GeneHidden] = b[GeneHidden]
	}
	genes := s.layerGenes()
	shallow := min(a.Layers(), b.Layers())
	from := r.IntN(shallow + 1)
	to := from + r.IntN(shallow-from+1)
	for i := from; i < to; i++ {
		for j, gene := range genes {
			if gene.PerLayer {
				g.Layer(i)[j] = b.Layer(i)[j]
			}
		}
	}
	for j, gene := range genes {
		if !gene.PerLayer && r.IntN(2) == 0 {
			for i := range g.Layers() {
				g.Layer(i)[j] = b.Layer(0)[j]
			}
		}
	}
	return g
}

// drawGene draws a layer's gene that has more than one choice; not ok: there is
// none.
func (s *Space) drawGene(r *rand.Rand) (j int, gene *Gene, ok bool) {
	genes := s.layerGenes()
	free := 0
	for _, gene := range genes {
		if len(gene.Choices) > 1 {
			free++
		}
	}
	if free == 0 {
		return 0, nil, false
	}
	n := r.IntN(free)
	for j, gene := range genes {
		if len(gene.Choices) > 1 {
			if n == 0 {
				return j, gene, true
			}
			n--
		}
	}
	panic("unreachable")
}

// nudge is mostly a neighbour of v, at times any choice.
func nudge(r *rand.Rand, v uint8, n int) uint8 {
	if r.IntN(4) == 0 {
		return uint8(r.IntN(n))
	}
	return neighbour(r, v, n)
}

// neighbour is v-1 or v+1 among n > 1 choices.
func neighbour(r *rand.Rand, v uint8, n int) uint8 {
	switch {
	case v == 0:
		return 1
	case int(v) == n-1:
		return v - 1
	case r.IntN(2) == 0:
		return v - 1
	}
	return v + 1
}
