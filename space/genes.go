package space

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
