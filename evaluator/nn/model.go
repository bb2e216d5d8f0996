package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"nas/internal/huge"
	"nas/space"
)

// Model is the parameters of an architecture and their gradients.
type Model[F Float] struct {
	Arch    space.Arch
	Widened bool // it has projections of the embedding though Arch needs none, for slices that do
	Tensors []Tensor
	Params  []F
	Grads   []F
}

// Tensor is a part of the parameters: [Rows][Columns], or a vector of one row.
type Tensor struct {
	Name      string
	Offset    int
	Rows      int
	Columns   int
	Deviation float64 // of its first values around Mean
	Mean      float64
	Decay     bool // takes part in weight decay: matrices and tables do
}

// Size is the number of values.
func (t Tensor) Size() int { return t.Rows * t.Columns }

// NewModel makes a model with first values drawn by the seed: matrices with
// deviation 1/sqrt(3 K), those that end in the residual stream less by the root of
// their number, tables 0.02.
func NewModel[F Float](a space.Arch, seed uint64) *Model[F] { return newModel[F](a, false, seed) }

func newModel[F Float](a space.Arch, widened bool, seed uint64) *Model[F] {
	m := &Model[F]{Arch: a, Widened: widened, Tensors: layout(a, widened)}
	last := m.Tensors[len(m.Tensors)-1]
	m.Params = huge.Make[F](last.Offset + last.Size())
	m.Grads = huge.Make[F](len(m.Params))
	for _, t := range m.Tensors {
		h := fnv.New64a()
		h.Write([]byte(t.Name))
		r := rand.New(rand.NewPCG(seed, h.Sum64()))
		for i := range t.Size() {
			m.Params[t.Offset+i] = F(t.Mean + t.Deviation*r.NormFloat64())
		}
	}
	return m
}

// Tensor is the tensor of that name.
func (m *Model[F]) Tensor(name string) (Tensor, bool) {
	for _, t := range m.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// layout lists the tensors of a in their order.
func layout(a space.Arch, widened bool) (list []Tensor) {
	factorised := a.Factorised() || widened
	end := 0
	add := func(t Tensor) {
		t.Offset = end
		end += t.Size()
		list = append(list, t)
	}
	embed := func(name string, rows int) {
		add(Tensor{Name: name + ".weight", Rows: rows, Columns: a.Embedding, Deviation: 0.02, Decay: true})
	}
	linear := func(name string, n, k int, gain float64, bias bool) {
		add(Tensor{Name: name + ".weight", Rows: n, Columns: k, Deviation: gain / math.Sqrt(3*float64(k)), Decay: true})
		if bias {
			add(Tensor{Name: name + ".bias", Rows: 1, Columns: n})
		}
	}
	norm := func(name string, n int) {
		add(Tensor{Name: name + ".weight", Rows: 1, Columns: n, Mean: 1})
		if a.Norm == space.LayerNorm {
			add(Tensor{Name: name + ".bias", Rows: 1, Columns: n})
		}
	}
	embed("embeddings.word", a.Vocabulary)
	if a.Position == space.Learned {
		embed("embeddings.position", a.Positions)
	}
	if a.Segments > 0 {
		embed("embeddings.segment", a.Segments)
	}
	if a.Family == space.Encoder {
		norm("embeddings.norm", a.Embedding)
	}
	if factorised {
		linear("embeddings.projection", a.Hidden, a.Embedding, 1, a.Bias)
	}
	gain := 1 / math.Sqrt(2*float64(len(a.Layers)))
	for i, l := range a.Layers {
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
		norm(name("attention.norm"), a.Hidden)
		linear(name("attention.query"), l.Heads*l.HeadWidth, a.Hidden, 1, a.Bias)
		linear(name("attention.key"), l.KVHeads*l.HeadWidth, a.Hidden, 1, a.Bias)
		linear(name("attention.value"), l.KVHeads*l.HeadWidth, a.Hidden, 1, a.Bias)
		linear(name("attention.output"), a.Hidden, l.Heads*l.HeadWidth, gain, a.Bias)
		norm(name("ffn.norm"), a.Hidden)
		if a.Gated {
			linear(name("ffn.gate"), l.FFN, a.Hidden, 1, a.Bias)
		}
		linear(name("ffn.up"), l.FFN, a.Hidden, 1, a.Bias)
		linear(name("ffn.down"), a.Hidden, l.FFN, gain, a.Bias)
	}
	if a.Family == space.Decoder {
		norm("final.norm", a.Hidden)
	}
	switch {
	case a.Head == space.Untied:
		linear("head", a.Vocabulary, a.Hidden, 1, false)
	case factorised:
		linear("head.projection", a.Embedding, a.Hidden, 1, a.Bias)
	}
	return list
}

// Net is an architecture as a slice of a Model's parameters.
type Net struct {
	space.Arch
	word, position, segment table
	embeddingNorm           vector
	projection              matrix // where the embedding is factorised
	layers                  []layerNet
	finalNorm               vector
	headProjection          matrix
	head                    matrix
}

type layerNet struct {
	space.Layer
	attentionNorm, ffnNorm    vector
	query, key, value, output matrix
	gate, up, down            matrix
	queryWidth, keyWidth      int
}

// Slice is a as part of m: of every matrix the first rows and columns, of every
// layer the first heads, of the layers the first. Families and forms must agree.
func (m *Model[F]) Slice(a space.Arch) (*Net, error) {
	if a.Model != m.Arch.Model {
		return nil, errors.New("nn: the architecture is of another model (family, vocabulary or form differ)")
	}
	if a.Hidden > m.Arch.Hidden || a.Embedding > m.Arch.Embedding || len(a.Layers) > len(m.Arch.Layers) {
		return nil, fmt.Errorf("nn: %v does not fit into %v", a, m.Arch)
	}
	if a.Factorised() && !m.Arch.Factorised() && !m.Widened {
		return nil, fmt.Errorf("nn: %v has an embedding of its own width, the model none", a)
	}
	s := slicer{at: map[string]Tensor{}}
	for _, t := range m.Tensors {
		s.at[t.Name] = t
	}
	n := &Net{Arch: a, word: s.table("embeddings.word"), position: s.table("embeddings.position"), segment: s.table("embeddings.segment")}
	n.embeddingNorm = s.norm("embeddings.norm", a.Embedding)
	n.projection = s.linear("embeddings.projection", a.Hidden, a.Embedding)
	for i, l := range a.Layers {
		full := m.Arch.Layers[i]
		if l.Heads > full.Heads || l.KVHeads > full.KVHeads || l.HeadWidth > full.HeadWidth || l.FFN > full.FFN {
			return nil, fmt.Errorf("nn: layer %d of %v does not fit into %v", i+1, a, m.Arch)
		}
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
		n.layers = append(n.layers, layerNet{
			Layer:         l,
			attentionNorm: s.norm(name("attention.norm"), a.Hidden),
			ffnNorm:       s.norm(name("ffn.norm"), a.Hidden),
			query:         s.heads(name("attention.query"), l.Heads, l.HeadWidth, full.HeadWidth, a.Hidden),
			key:           s.heads(name("attention.key"), l.KVHeads, l.HeadWidth, full.HeadWidth, a.Hidden),
			value:         s.heads(name("attention.value"), l.KVHeads, l.HeadWidth, full.HeadWidth, a.Hidden),
			output:        s.across(name("attention.output"), l.Heads, l.HeadWidth, full.HeadWidth, a.Hidden),
			gate:          s.linear(name("ffn.gate"), l.FFN, a.Hidden),
			up:            s.linear(name("ffn.up"), l.FFN, a.Hidden),
			down:          s.linear(name("ffn.down"), a.Hidden, l.FFN),
			queryWidth:    l.Heads * l.HeadWidth,
			keyWidth:      l.KVHeads * l.HeadWidth,
		})
	}
	n.finalNorm = s.norm("final.norm", a.Hidden)
	n.headProjection = s.linear("head.projection", a.Embedding, a.Hidden)
	if a.Head == space.Untied {
		n.head = s.linear("head", a.Vocabulary, a.Hidden)
	} else {
		n.head = matrix{offset: n.word.offset, n: a.Vocabulary, k: a.Embedding, ld: n.word.ld, blocks: 1, bias: -1}
	}
	return n, nil
}

// Whole is all of m.
func (m *Model[F]) Whole() *Net {
	n, err := m.Slice(m.Arch)
	if err != nil {
		panic(err)
	}
	return n
}

// slicer finds the parts of tensors by name; what a model lacks is never used.
type slicer struct{ at map[string]Tensor }

func (s slicer) offset(name string) int {
	if t, ok := s.at[name]; ok {
		return t.Offset
	}
	return -1
}

func (s slicer) table(name string) table {
	return table{s.offset(name + ".weight"), s.at[name+".weight"].Columns}
}

func (s slicer) norm(name string, n int) vector {
	return vector{s.offset(name + ".weight"), s.offset(name + ".bias"), n}
}

func (s slicer) linear(name string, n, k int) matrix {
	return matrix{offset: s.offset(name + ".weight"), n: n, k: k, ld: s.at[name+".weight"].Columns, blocks: 1, bias: s.offset(name + ".bias")}
}

// heads is a matrix whose rows are heads of a width, in rows of full ones.
func (s slicer) heads(name string, heads, width, full, k int) matrix {
	w := s.linear(name, width, k)
	w.blocks, w.step, w.biasStep = heads, full*w.ld, full
	return w.merge()
}

// across is a matrix whose columns are heads.
func (s slicer) across(name string, heads, width, full, n int) matrix {
	w := s.linear(name, n, width)
	w.blocks, w.step, w.across = heads, full, true
	return w.merge()
}

// Digest names the parameters: equal ones, equal digests. It is half a SHA-256.
func (m *Model[F]) Digest() string {
	h := sha256.New()
	fmt.Fprintln(h, m.Arch.Key(), m.Widened)
	if err := binary.Write(h, binary.LittleEndian, m.Params); err != nil {
		panic(err) // of a type without a fixed size
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:16])
}
