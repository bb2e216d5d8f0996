package nn

import (
	"fmt"
	"math"

	"nas/space"
)

// Source gives the parameters of a Net whole and without gaps, by the names of a
// Model's tensors and by those of the runtime's programs, where queries, keys and
// values of a layer are one matrix.
type Source struct {
	params  []float32
	tensors map[string][]matrix // whose rows follow each other
}

// Source is what n's program reads its weights from.
func (m *Model[F]) Source(n *Net) *Source {
	s := &Source{tensors: map[string][]matrix{}}
	for _, v := range m.Params {
		s.params = append(s.params, float32(v))
	}
	table := func(name string, t table, rows int) {
		s.tensors[name+".weight"] = []matrix{{offset: t.offset, n: rows, k: n.Embedding, ld: t.ld, blocks: 1}}
	}
	linear := func(name string, list ...matrix) {
		s.tensors[name+".weight"] = list
		for _, w := range list {
			if w.bias >= 0 {
				b := matrix{offset: w.bias, n: 1, k: w.n, blocks: w.blocks, step: w.biasStep}
				if w.across {
					b.blocks = 1
				}
				s.tensors[name+".bias"] = append(s.tensors[name+".bias"], b)
			}
		}
	}
	norm := func(name string, v vector) {
		s.tensors[name+".weight"] = []matrix{{offset: v.scale, n: 1, k: v.n, blocks: 1}}
		s.tensors[name+".bias"] = []matrix{{offset: v.shift, n: 1, k: v.n, blocks: 1}}
	}
	table("embeddings.word", n.word, n.Vocabulary)
	table("embeddings.position", n.position, n.Positions)
	table("embeddings.segment", n.segment, n.Segments)
	norm("embeddings.norm", n.embeddingNorm)
	linear("embeddings.projection", n.projection)
	for i, l := range n.layers {
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
		norm(name("attention.norm"), l.attentionNorm)
		norm(name("ffn.norm"), l.ffnNorm)
		linear(name("attention.qkv"), l.query, l.key, l.value)
		linear(name("attention.query"), l.query)
		linear(name("attention.key"), l.key)
		linear(name("attention.value"), l.value)
		linear(name("attention.output"), l.output)
		linear(name("ffn.up"), l.up)
		linear(name("ffn.gate"), l.gate)
		linear(name("ffn.up.gate"), l.gate)
		linear(name("ffn.up.up"), l.up)
		linear(name("ffn.down"), l.down)
	}
	norm("final.norm", n.finalNorm)
	linear("head.projection", n.headProjection)
	linear("head", n.head)
	return s
}

// Tensor writes a tensor to dst.
func (s *Source) Tensor(name string, dst []float32) {
	list, ok := s.tensors[name]
	if !ok {
		panic("nn: no tensor " + name)
	}
	rest := dst
	for _, w := range list {
		for _, r := range w.runs() {
			rest = rest[copy(rest, s.params[r.offset:][:r.n]):]
		}
	}
	if len(rest) > 0 {
		panic(fmt.Sprintf("nn: %s has %d values, not %d", name, len(dst)-len(rest), len(dst)))
	}
}

// CrossEntropies are those, in nats, of logits[R][V], which are used up.
func CrossEntropies(e *Exec[float32], logits []float32, targets []int32, v int) []float64 {
	for i := range logits {
		logits[i] *= math.Log2E
	}
	losses := make([]float64, len(targets))
	crossEntropy(e, losses, logits, targets, v, 0)
	return losses
}

// Head is what turns hidden states [M][C] into logits: a projection to the embedding
// where that has a width of its own, and the table of words or a matrix of its own,
// [V][K]. Without a projection its slices are nil.
type Head struct {
	Projection, ProjectionBias []float32
	Matrix                     []float32
	Width                      int // K
}

// Head is that of n.
func (s *Source) Head(n *Net) Head {
	h := Head{Width: n.head.k, Matrix: make([]float32, n.head.n*n.head.k)}
	s.Tensor("head.weight", h.Matrix)
	if n.Factorised() && n.Head != space.Untied {
		h.Projection = make([]float32, n.Embedding*n.Hidden)
		s.Tensor("head.projection.weight", h.Projection)
		if n.Bias {
			h.ProjectionBias = make([]float32, n.Embedding)
			s.Tensor("head.projection.bias", h.ProjectionBias)
		}
	}
	return h
}
