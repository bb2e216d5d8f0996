package space

import (
	"cmp"
	"fmt"
	"slices"
)

// maxOps and maxLowerings bound the ops that a space may need measured.
const (
	maxOps       = 20000
	maxLowerings = 200000
)

// Ops are the distinct ops of all architectures of s under w, in the order of
// their text forms: what a latency table for s holds. Architectures are not
// enumerated: an op of a layer depends on the hidden width and that layer alone,
// and there on either attention or the feed-forward network.
func (s *Space) Ops(w Workload) ([]Op, error) {
	if err := w.Validate(s.Model); err != nil {
		return nil, err
	}
	seen := map[Op]bool{}
	lowerings := 0
	look := func(embedding, hidden uint8, layer [GenesLayer]uint8) error {
		if lowerings++; lowerings > maxLowerings {
			return fmt.Errorf("space: %q: more than %d combinations of a layer's genes; give it fewer choices", s.Name, maxLowerings)
		}
		g := append(Genes{embedding, hidden, 0}, layer[:]...)
		for _, step := range Lower(s.Arch(g), w).Steps {
			seen[step.Op] = true
		}
		if len(seen) > maxOps {
			return fmt.Errorf("space: %q: more than %d distinct ops to measure; give it fewer choices", s.Name, maxOps)
		}
		return nil
	}
	n := [GenesLayer]int{}
	for j, gene := range s.layerGenes() {
		n[j] = max(1, len(gene.Choices))
	}
	for hidden := range s.choices(GeneHidden) {
		h := uint8(hidden)
		for embedding := range s.choices(GeneEmbedding) {
			if err := look(uint8(embedding), h, [GenesLayer]uint8{}); err != nil {
				return nil, err
			}
		}
		for i := range n[GeneHeads] * n[GeneHeadWidth] * n[GeneKVHeads] {
			heads, width, kv := i/n[GeneHeadWidth]/n[GeneKVHeads], i/n[GeneKVHeads]%n[GeneHeadWidth], i%n[GeneKVHeads]
			if err := look(0, h, [GenesLayer]uint8{GeneHeads: uint8(heads), GeneHeadWidth: uint8(width), GeneKVHeads: uint8(kv)}); err != nil {
				return nil, err
			}
		}
		for ffn := range n[GeneFFN] {
			if err := look(0, h, [GenesLayer]uint8{GeneFFN: uint8(ffn)}); err != nil {
				return nil, err
			}
		}
	}
	ops := make([]Op, 0, len(seen))
	for op := range seen {
		ops = append(ops, op)
	}
	SortOps(ops)
	return ops, nil
}

// SortOps orders ops by their text forms.
func SortOps(ops []Op) {
	slices.SortFunc(ops, func(a, b Op) int { return cmp.Compare(a.String(), b.String()) })
}
