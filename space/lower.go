package space

import "fmt"

// Lower turns an architecture into the Program that w runs. It panics on an Arch
// or a Workload that does not validate.
//
// Encoder layers are post-norm (Devlin et al. 2019, Vaswani et al. 2017):
// x = norm(x + attention(x)), x = norm(x + ffn(x)). Decoder layers are pre-norm
// (Radford et al. 2019): x = x + attention(norm(x)), x = x + ffn(norm(x)).
func Lower(a Arch, w Workload) *Program {
	if err := a.Validate(); err != nil {
		panic(err)
	}
	if err := w.Validate(a.Model); err != nil {
		panic(err)
	}
	b := builder{Program: Program{Workload: w}, arch: a, batch: w.Batch, tokens: w.Tokens, context: w.Tokens, capacity: w.Tokens}
	if a.Family == Decoder {
		b.capacity = w.Context
	}
	if w.Phase == Decode {
		b.tokens, b.context = 1, w.Context
	}
	x := b.embed()
	for i, l := range a.Layers {
		b.layer = i
		if a.Family == Encoder {
			b.encoderLayer(x, l)
		} else {
			b.decoderLayer(x, l)
		}
	}
	b.layer = Epilogue
	b.Result = b.head(x)
	return &b.Program
}

// builder appends steps, buffers and weights to a Program.
type builder struct {
	Program
	arch     Arch
	layer    int
	batch    int
	tokens   int // of a sequence in this run
	context  int // tokens that attention reads
	capacity int // tokens that the cache holds
	word     WeightID
	rotary   map[int]WeightID // by head width
}

func (b *builder) rows() int { return b.batch * b.tokens }

func (b *builder) embed() BufferID {
	b.layer = Prologue
	a := b.arch
	op := Op{Kind: Embed, Rows: b.rows(), N: a.Embedding, K: a.Vocabulary, Tables: 1}
	s := Step{Op: op, Name: "embedding", In: none, Cache: none, Weights: [3]WeightID{none, none, none}}
	if a.Head == Tied {
		s.Op.Packed = true
		b.word = b.matrix("embeddings.word", a.Vocabulary, a.Embedding, false, false)
	} else {
		b.word = b.table("embeddings.word", a.Vocabulary, a.Embedding)
	}
	b.Weights[b.word].Embedding = true
	s.Weights[0] = b.word
	if a.Position == Learned {
		s.Weights[1] = b.table("embeddings.position", a.Positions, a.Embedding)
		s.Op.Tables++
	}
	if a.Segments > 0 {
		s.Weights[2] = b.table("embeddings.segment", a.Segments, a.Embedding)
		s.Op.Tables++
	}
	e := b.buffer("embedding", b.rows(), a.Embedding)
	s.Out = e
	b.add(s)
	if a.Family == Encoder {
		b.norm("embeddings.norm", e, e, AllRows)
		b.Weights[len(b.Weights)-1].Embedding = true
	}
	if !a.Factorised() {
		return e
	}
	x := b.buffer("x", b.rows(), a.Hidden)
	b.linear("embeddings.projection", e, x, b.matrix("embeddings.projection", a.Hidden, a.Embedding, a.Bias, false), linearForm{})
	b.Weights[len(b.Weights)-1].Embedding = true
	return x
}

func (b *builder) encoderLayer(x BufferID, l Layer) {
	b.attention(x, x, l)
	b.norm(b.name("attention.norm"), x, x, AllRows)
	b.feedForward(x, x, l)
	b.norm(b.name("ffn.norm"), x, x, AllRows)
}

func (b *builder) decoderLayer(x BufferID, l Layer) {
	h := b.buffer(b.name("h1"), b.rows(), b.arch.Hidden)
	b.norm(b.name("attention.norm"), x, h, AllRows)
	b.attention(h, x, l)
	h = b.buffer(b.name("h2"), b.rows(), b.arch.Hidden)
	b.norm(b.name("ffn.norm"), x, h, AllRows)
	b.feedForward(h, x, l)
}

// attention adds the attention block of l over in to the residual stream x.
func (b *builder) attention(in, x BufferID, l Layer) {
	a := b.arch
	width := l.Heads * l.HeadWidth
	all := width + 2*l.KVHeads*l.HeadWidth
	qkv := b.buffer(b.name("qkv"), b.rows(), all)
	b.linear(b.name("attention.qkv"), in, qkv, b.matrix(b.name("attention.qkv"), all, a.Hidden, a.Bias, false), linearForm{})

	kv := b.cache(b.name("kv"), KVShape{Batch: b.batch, Heads: l.KVHeads, Width: l.HeadWidth, Capacity: b.capacity})
	store := Step{Name: b.name("attention.kv"), In: qkv, Out: none, Cache: kv, Weights: [3]WeightID{none, none, none},
		Op: Op{Kind: KVStore, Batch: b.batch, Rows: b.tokens, Heads: l.Heads, KVHeads: l.KVHeads, HeadWidth: l.HeadWidth}}
	if a.Position == Rotary {
		store.Op.Rotary = true
		store.Weights[0] = b.rotaryTable(l.HeadWidth)
	}
	b.add(store)

	ctx := b.buffer(b.name("context"), b.rows(), width)
	b.add(Step{Name: b.name("attention.core"), In: qkv, Out: ctx, Cache: kv, Weights: [3]WeightID{none, none, none},
		Op: Op{Kind: Attention, Batch: b.batch, Rows: b.tokens, Heads: l.Heads, KVHeads: l.KVHeads, HeadWidth: l.HeadWidth,
			Context: b.context, Causal: a.Family == Decoder && b.tokens > 1}})
	b.linear(b.name("attention.output"), ctx, x, b.matrix(b.name("attention.output"), a.Hidden, width, a.Bias, false), linearForm{residual: true})
}

// feedForward adds the feed-forward network of l over in to the residual stream x.
func (b *builder) feedForward(in, x BufferID, l Layer) {
	a := b.arch
	n := l.FFN
	if a.Gated {
		n = 2 * l.FFN
	}
	f := b.buffer(b.name("ffn"), b.rows(), l.FFN)
	up := b.matrix(b.name("ffn.up"), n, a.Hidden, a.Bias, a.Gated)
	b.linear(b.name("ffn.up"), in, f, up, linearForm{activation: a.Activation, gated: a.Gated})
	b.linear(b.name("ffn.down"), f, x, b.matrix(b.name("ffn.down"), a.Hidden, l.FFN, a.Bias, false), linearForm{residual: true})
}

// head ends the program and returns its result.
func (b *builder) head(x BufferID) BufferID {
	a := b.arch
	if a.Family == Encoder {
		if a.Head == NoHead {
			return x
		}
		pooled := b.buffer("pooled", b.batch, a.Hidden)
		w := b.matrix("pooler", a.Hidden, a.Hidden, a.Bias, false)
		b.linear("pooler", x, pooled, w, linearForm{activation: Tanh, pick: FirstRows})
		return pooled
	}
	if a.Head == NoHead {
		b.norm("final.norm", x, x, AllRows)
		return x
	}
	h := b.buffer("final", b.batch, a.Hidden)
	b.norm("final.norm", x, h, LastRows)
	logits := b.buffer("logits", b.batch, a.Vocabulary)
	if a.Head == Untied {
		b.linear("head", h, logits, b.matrix("head", a.Vocabulary, a.Hidden, false, false), linearForm{})
		return logits
	}
	if a.Factorised() {
		e := b.buffer("final.embedding", b.batch, a.Embedding)
		b.linear("head.projection", h, e, b.matrix("head.projection", a.Embedding, a.Hidden, a.Bias, false), linearForm{})
		b.Weights[len(b.Weights)-1].Embedding = true
		h = e
	}
	b.linear("head", h, logits, b.word, linearForm{})
	return logits
}

func (b *builder) name(s string) string { return fmt.Sprintf("layers.%d.%s", b.layer, s) }

func (b *builder) add(s Step) {
	s.Layer = b.layer
	b.Steps = append(b.Steps, s)
}

func (b *builder) norm(name string, in, out BufferID, pick Pick) {
	width := b.Buffers[in].Width
	k := 1
	if b.arch.Norm == LayerNorm {
		k = 2
	}
	w := b.weight(Weight{Name: name, Kind: Vector, N: width, K: k, Bytes: k * align(4*width), Flash: k * 4 * width})
	b.add(Step{Name: name, In: in, Out: out, Cache: none, Weights: [3]WeightID{w, none, none}, Pick: pick,
		Op: Op{Kind: Norm, Rows: b.Buffers[out].Rows, N: width, Norm: b.arch.Norm}})
}

type linearForm struct {
	activation      Activation
	gated, residual bool
	pick            Pick
}

func (b *builder) linear(name string, in, out BufferID, w WeightID, f linearForm) {
	m := b.Weights[w]
	b.add(Step{Name: name, In: in, Out: out, Cache: none, Weights: [3]WeightID{w, none, none}, Pick: f.pick,
		Op: Op{Kind: Linear, Rows: b.Buffers[out].Rows, N: m.N, K: m.K, Activation: f.activation, Gated: f.gated, Bias: m.Bias, Residual: f.residual}})
}

func (b *builder) buffer(name string, rows, width int) BufferID {
	b.Buffers = append(b.Buffers, Buffer{Name: name, Rows: rows, Width: width, Bytes: align(4 * rows * width)})
	return BufferID(len(b.Buffers) - 1)
}

func (b *builder) cache(name string, shape KVShape) BufferID {
	b.Buffers = append(b.Buffers, Buffer{Name: name, Bytes: shape.Bytes(), KV: shape, Cache: b.arch.Family == Decoder})
	return BufferID(len(b.Buffers) - 1)
}

func (b *builder) weight(w Weight) WeightID {
	b.Weights = append(b.Weights, w)
	return WeightID(len(b.Weights) - 1)
}

func (b *builder) matrix(name string, n, k int, bias, gated bool) WeightID {
	stored, padded := n*k+4*n, n
	if bias {
		stored += 4 * n
	}
	if gated {
		padded = 2 * padN(n/2)
	}
	return b.weight(Weight{Name: name, Kind: Matrix, N: n, K: k, Bias: bias, Gated: gated, Bytes: MatrixBytes(padded, k, bias), Flash: stored})
}

func (b *builder) table(name string, rows, width int) WeightID {
	return b.weight(Weight{Name: name, Kind: Table, N: rows, K: width, Embedding: true,
		Bytes: align(rows*width) + align(4*rows), Flash: rows*width + 4*rows})
}

// rotaryTable is shared by all layers of one head width.
func (b *builder) rotaryTable(width int) WeightID {
	if w, ok := b.rotary[width]; ok {
		return w
	}
	if b.rotary == nil {
		b.rotary = map[int]WeightID{}
	}
	n := b.capacity
	b.rotary[width] = b.weight(Weight{Name: fmt.Sprintf("rotary.%d", width), Kind: RotaryTable, N: n, K: width, Bytes: align(4 * n * width)})
	return b.rotary[width]
}
