package space

import (
	"fmt"
	"iter"
	"math/big"
	"slices"
)

// Genes spell an architecture of a Space as indices of choices: embedding,
// hidden, depth, then heads, head width, KV heads and FFN of each layer. The
// slice is as long as the depth asks, so genes of absent layers do not exist; a
// gene that layers share has one index in all of them, and a gene without
// choices index 0. So equal architectures have equal Genes, and string(g) is a
// canonical key.
type Genes []uint8

// Positions in Genes.
const (
	GeneEmbedding = iota
	GeneHidden
	GeneDepth
	GenesStem // genes before the first layer's
)

// Offsets in the genes of a layer.
const (
	GeneHeads = iota
	GeneHeadWidth
	GeneKVHeads
	GeneFFN
	GenesLayer // genes of a layer
)

// Layers is the number of layers that g spells.
func (g Genes) Layers() int { return (len(g) - GenesStem) / GenesLayer }

// Layer is the genes of layer i, sharing g's memory.
func (g Genes) Layer(i int) Genes {
	at := GenesStem + i*GenesLayer
	return g[at : at+GenesLayer : at+GenesLayer]
}

// Arch is the architecture that g spells.
func (s *Space) Arch(g Genes) Arch {
	a := Arch{Model: s.Model, Hidden: s.Hidden[g[GeneHidden]], Layers: make([]Layer, g.Layers())}
	a.Embedding = a.Hidden
	if len(s.Embedding) > 0 {
		a.Embedding = s.Embedding[g[GeneEmbedding]]
	}
	for i := range a.Layers {
		a.Layers[i] = s.Layer(a.Hidden, g.Layer(i))
	}
	return a
}

// Layer is the layer that the genes of one layer spell in a model of width hidden.
func (s *Space) Layer(hidden int, g Genes) Layer {
	l := Layer{Heads: s.Heads.Choices[g[GeneHeads]], FFN: s.FFN.Choices[g[GeneFFN]]}
	l.HeadWidth, l.KVHeads = hidden/l.Heads, l.Heads
	if len(s.HeadWidth.Choices) > 0 {
		l.HeadWidth = s.HeadWidth.Choices[g[GeneHeadWidth]]
	}
	if len(s.KVHeads.Choices) > 0 {
		l.KVHeads = s.KVHeads.Choices[g[GeneKVHeads]]
	}
	return l
}

// Check reports why g spells no architecture of s.
func (s *Space) Check(g Genes) error {
	bad := func(why string) error { return fmt.Errorf("space: %q: genes %v: %s", s.Name, []byte(g), why) }
	if len(g) < GenesStem+GenesLayer || (len(g)-GenesStem)%GenesLayer != 0 {
		return bad("no whole number of layers")
	}
	for i := range GenesStem {
		if int(g[i]) >= s.choices(i) {
			return bad("a choice that there is not")
		}
	}
	if g.Layers() != s.Depth[g[GeneDepth]] {
		return bad("the depth is another")
	}
	for j, gene := range s.layerGenes() {
		for i := range g.Layers() {
			if int(g.Layer(i)[j]) >= max(1, len(gene.Choices)) || !gene.PerLayer && g.Layer(i)[j] != g.Layer(0)[j] {
				return bad("a choice that there is not")
			}
		}
	}
	return nil
}

// Genes are the genes that spell a; an error says what of a is no choice of s.
func (s *Space) Genes(a Arch) (Genes, error) {
	if a.Model != s.Model {
		return nil, fmt.Errorf("space: %q: the architecture is of another model (family, vocabulary or form differ)", s.Name)
	}
	var fault error
	find := func(what string, choices []int, v int) uint8 {
		i := slices.Index(choices, v)
		if i < 0 && fault == nil {
			fault = fmt.Errorf("space: %q: %s %d is not among its choices %v", s.Name, what, v, choices)
		}
		return uint8(max(i, 0))
	}
	g := make(Genes, GenesStem, GenesStem+GenesLayer*len(a.Layers))
	if len(s.Embedding) > 0 {
		g[GeneEmbedding] = find("embedding", s.Embedding, a.Embedding)
	} else if a.Embedding != a.Hidden {
		return nil, fmt.Errorf("space: %q: its embedding is as wide as hidden, not %d", s.Name, a.Embedding)
	}
	g[GeneHidden] = find("hidden", s.Hidden, a.Hidden)
	g[GeneDepth] = find("layers", s.Depth, len(a.Layers))
	for _, l := range a.Layers {
		var genes [GenesLayer]uint8
		genes[GeneHeads] = find("heads", s.Heads.Choices, l.Heads)
		if len(s.HeadWidth.Choices) > 0 {
			genes[GeneHeadWidth] = find("head_width", s.HeadWidth.Choices, l.HeadWidth)
		}
		if len(s.KVHeads.Choices) > 0 {
			genes[GeneKVHeads] = find("kv_heads", s.KVHeads.Choices, l.KVHeads)
		}
		genes[GeneFFN] = find("ffn", s.FFN.Choices, l.FFN)
		g = append(g, genes[:]...)
	}
	if fault != nil {
		return nil, fault
	}
	if !s.Arch(g).Equal(a) {
		return nil, fmt.Errorf("space: %q: head width or KV heads follow from other genes there", s.Name)
	}
	for i := range a.Layers {
		for j, gene := range s.layerGenes() {
			if !gene.PerLayer && g.Layer(i)[j] != g.Layer(0)[j] {
				return nil, fmt.Errorf("space: %q: layer %d differs from the first in a gene that all layers share", s.Name, i+1)
			}
		}
	}
	return g, nil
}

// layerGenes are the genes of a layer in the order of Genes.
func (s *Space) layerGenes() [GenesLayer]*Gene {
	return [GenesLayer]*Gene{GeneHeads: &s.Heads, GeneHeadWidth: &s.HeadWidth, GeneKVHeads: &s.KVHeads, GeneFFN: &s.FFN}
}

// choices is the number of values of stem gene i, at least 1.
func (s *Space) choices(i int) int {
	return max(1, len([GenesStem][]int{s.Embedding, s.Hidden, s.Depth}[i]))
}

// Size is the exact number of architectures.
func (s *Space) Size() *big.Int {
	shared, free := int64(1), int64(1)
	for _, gene := range s.layerGenes() {
		n := int64(max(1, len(gene.Choices)))
		if gene.PerLayer {
			free *= n
		} else {
			shared *= n
		}
	}
	depths := new(big.Int)
	for _, d := range s.Depth {
		depths.Add(depths, new(big.Int).Exp(big.NewInt(free), big.NewInt(int64(d)), nil))
	}
	size := big.NewInt(int64(s.choices(GeneEmbedding)) * int64(s.choices(GeneHidden)))
	return size.Mul(size, big.NewInt(shared)).Mul(size, depths)
}

// All yields the genes of every architecture, each in memory that the next one
// overwrites.
func (s *Space) All() iter.Seq[Genes] {
	return func(yield func(Genes) bool) {
		genes := s.layerGenes()
		for depth := range s.Depth {
			g := make(Genes, GenesStem+GenesLayer*s.Depth[depth])
			g[GeneDepth] = uint8(depth)
			limit := make([]int, len(g)) // choices of each position; 1: not free
			for i := range limit {
				limit[i] = 1
			}
			limit[GeneEmbedding], limit[GeneHidden] = s.choices(GeneEmbedding), s.choices(GeneHidden)
			for i := range g.Layers() {
				for j, gene := range genes {
					if gene.PerLayer || i == 0 {
						limit[GenesStem+i*GenesLayer+j] = max(1, len(gene.Choices))
					}
				}
			}
			for more := true; more; more = increment(g, limit) {
				for i := range g.Layers() {
					for j, gene := range genes {
						if !gene.PerLayer {
							g.Layer(i)[j] = g.Layer(0)[j]
						}
					}
				}
				if !yield(g) {
					return
				}
			}
		}
	}
}

// increment counts g up, position by position below its limit; false: it was the
// last.
func increment(g Genes, limit []int) bool {
	for i := len(g) - 1; i >= 0; i-- {
		if limit[i] == 1 {
			continue
		}
		if int(g[i])+1 < limit[i] {
			g[i]++
			return true
		}
		g[i] = 0
	}
	return false
}
