package nn

import (
	"math"

	"nas/evaluator/text"
	"nas/space"
)

// Pass runs a Net over a batch.
type Pass[F Float] struct {
	*Exec[F]
	*Tape[F]
	Net   *Net
	Model *Model[F]
	rope  map[[2]int][]F // tables by T and D
}

// Forward computes the logits of the positions that have targets and returns how
// many they are.
func (p *Pass[F]) Forward(batch text.Batch) (rows int) {
	p.fit(p.Net, batch.B, batch.T)
	n, params := p.Net, p.Model.Params
	embeddingForward(p.Exec, p.embedded, batch.Inputs, params, n.word, n.position, n.segment, p.t, n.Embedding)
	x := p.embedded
	if n.Family == space.Encoder {
		normForward(p.Exec, p.normed, x, p.embedStats, params, n.embeddingNorm, p.m)
		x = p.normed
	}
	if n.Factorised() {
		linearForward(p.Exec, p.first(), n.Hidden, x, n.Embedding, params, n.projection, p.m, false)
	}
	for i := range n.layers {
		l, s := &n.layers[i], &p.layers[i]
		if n.Family == space.Encoder { // x = norm(x + attention(x)), x = norm(x + ffn(x))
			p.attention(l, s, s.mid, s.in)
			normForward(p.Exec, s.normed1, s.mid, s.stats1, params, l.attentionNorm, p.m)
			p.feedForward(l, s, s.out, s.normed1, s.normed1)
			normForward(p.Exec, s.normed2, s.out, s.stats2, params, l.ffnNorm, p.m)
			continue
		}
		// x = x + attention(norm(x)), x = x + ffn(norm(x))
		normForward(p.Exec, s.normed1, s.in, s.stats1, params, l.attentionNorm, p.m)
		p.attention(l, s, s.mid, s.normed1)
		normForward(p.Exec, s.normed2, s.mid, s.stats2, params, l.ffnNorm, p.m)
		p.feedForward(l, s, s.out, s.mid, s.normed2)
	}
	return p.forwardHead(batch)
}

// first is the residual stream before the first layer.
func (p *Pass[F]) first() []F { return p.layers[0].in }

// attention: out[M][C] = s.in + attention(h[M][C]).
func (p *Pass[F]) attention(l *layerNet, s *layerViews[F], out, h []F) {
	params, c := p.Model.Params, p.Net.Hidden
	linearForward(p.Exec, s.q, l.queryWidth, h, c, params, l.query, p.m, false)
	linearForward(p.Exec, s.k, l.keyWidth, h, c, params, l.key, p.m, false)
	linearForward(p.Exec, s.v, l.keyWidth, h, c, params, l.value, p.m, false)
	p.rotateAll(l, s.q, s.k, false)
	attentionForward(p.Exec, s.context, s.weights, s.q, s.k, s.v, p.shape(l))
	copy(out, s.in)
	linearForward(p.Exec, out, c, s.context, l.queryWidth, params, l.output, p.m, true)
}

func (p *Pass[F]) shape(l *layerNet) attentionShape {
	return attentionShape{b: p.b, t: p.t, h: l.Heads, g: l.KVHeads, d: l.HeadWidth, causal: p.Net.Family == space.Decoder}
}

// rotateAll turns queries and keys, where positions are rotary.
func (p *Pass[F]) rotateAll(l *layerNet, q, k []F, back bool) {
	if p.Net.Position != space.Rotary {
		return
	}
	key := [2]int{p.t, l.HeadWidth}
	if p.rope == nil {
		p.rope = map[[2]int][]F{}
	}
	if p.rope[key] == nil {
		p.rope[key] = rotaryTable[F](p.t, l.HeadWidth)
	}
	rotate(p.Exec, q, p.rope[key], p.m, p.t, l.Heads, l.HeadWidth, back)
	rotate(p.Exec, k, p.rope[key], p.m, p.t, l.KVHeads, l.HeadWidth, back)
}

// feedForward: out[M][C] = x[M][C] + ffn(h[M][C]).
func (p *Pass[F]) feedForward(l *layerNet, s *layerViews[F], out, x, h []F) {
	params, c := p.Model.Params, p.Net.Hidden
	linearForward(p.Exec, s.up, l.FFN, h, c, params, l.up, p.m, false)
	if p.Net.Gated {
		linearForward(p.Exec, s.gate, l.FFN, h, c, params, l.gate, p.m, false)
		activationForward(p.Exec, p.Net.Activation, s.f, s.gate, s.up)
	} else {
		activationForward(p.Exec, p.Net.Activation, s.f, s.up, nil)
	}
	copy(out, x)
	linearForward(p.Exec, out, c, s.f, l.FFN, params, l.down, p.m, true)
}

// forwardHead picks the rows with targets and computes their logits.
func (p *Pass[F]) forwardHead(batch text.Batch) int {
	n, params, c := p.Net, p.Model.Params, p.Net.Hidden
	for i, target := range batch.Targets {
		if target != text.Ignored {
			copy(p.picked[len(p.rows)*c:][:c], p.x[i*c:])
			p.rows, p.targets = append(p.rows, int32(i)), append(p.targets, target)
		}
	}
	r := len(p.rows)
	h, width := p.picked, c
	if n.Family == space.Decoder {
		normForward(p.Exec, p.final, p.picked, p.finalStats, params, n.finalNorm, r)
		h = p.final
	}
	if n.Head != space.Untied && n.Factorised() {
		linearForward(p.Exec, p.narrow, n.Embedding, h, c, params, n.headProjection, r, false)
		h, width = p.narrow, n.Embedding
	}
	p.matmul(product[F]{m: r, n: n.Vocabulary, k: width, a: h, lda: width, b: params[n.head.offset:], ldb: n.head.ld, tb: true,
		c: p.logits, ldc: n.Vocabulary, alpha: math.Log2E})
	return r
}

// Losses are of the rows of a pass, in nats, and their mean.
type Losses struct {
	Rows  []float64 // valid until the next pass
	Mean  float64
	Truth float64 // the mean by the targets alone, where a teacher is mixed in
}

func mean(losses []float64) Losses {
	sum := 0.0
	for _, v := range losses {
		sum += v
	}
	return Losses{Rows: losses, Mean: sum / float64(len(losses)), Truth: sum / float64(len(losses))}
}

// CrossEntropy is the loss of the logits by the targets; they become weight times
// its gradient, for Backward.
func (p *Pass[F]) CrossEntropy(weight float64) Losses {
	r := len(p.rows)
	p.losses = append(p.losses[:0], make([]float64, r)...)
	crossEntropy(p.Exec, p.losses, p.logits, p.targets, p.Net.Vocabulary, weight)
	return mean(p.losses)
}

// Logits are those of the rows with targets, [R][V], times log2(e).
func (p *Pass[F]) Logits() []F { return p.logits[:len(p.rows)*p.Net.Vocabulary] }

// Distil is CrossEntropy mixed with the divergence from a teacher's logits, [R][V] as
// Logits gives them. spare is as large, for use.
func (p *Pass[F]) Distil(teacher, spare []F, d Distillation) Losses {
	spare = spare[:copy(spare, p.Logits())]
	truth := p.CrossEntropy(1 - d.Weight)
	apart := make([]float64, len(p.rows))
	distil(p.Exec, apart, p.logits, spare, teacher, len(p.rows), p.Net.Vocabulary, d)
	for i, v := range apart {
		truth.Rows[i] = (1-d.Weight)*truth.Rows[i] + d.Weight*v
	}
	mixed := mean(truth.Rows)
	mixed.Truth = truth.Mean
	return mixed
}
