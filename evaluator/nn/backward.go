package nn

import (
	"slices"

	"nas/evaluator/text"
	"nas/space"
)

// Backward adds the gradients of the last loss, over the batch that was passed
// forward, to those of the parameters.
func (p *Pass[F]) Backward(batch text.Batch) {
	n, params, grads := p.Net, p.Model.Params, p.Model.Grads
	p.backwardHead()
	for i := range slices.Backward(n.layers) {
		l, s := &n.layers[i], &p.layers[i]
		if n.Family == space.Encoder {
			normBackward(p.Exec, p.dh, p.dx, s.out, s.stats2, params, grads, l.ffnNorm, p.m, false)
			p.feedForwardBackward(l, s, p.dh, p.dh, s.normed1, true)
			normBackward(p.Exec, p.dx, p.dh, s.mid, s.stats1, params, grads, l.attentionNorm, p.m, false)
			p.attentionBackward(l, s, p.dx, p.dx, s.in, true)
			continue
		}
		p.feedForwardBackward(l, s, p.dh, p.dx, s.normed2, false)
		normBackward(p.Exec, p.dx, p.dh, s.mid, s.stats2, params, grads, l.ffnNorm, p.m, true)
		p.attentionBackward(l, s, p.dh, p.dx, s.normed1, false)
		normBackward(p.Exec, p.dx, p.dh, s.in, s.stats1, params, grads, l.attentionNorm, p.m, true)
	}
	p.backwardEmbedding(batch.Inputs)
}

// backwardEmbedding adds the gradients below the first layer.
func (p *Pass[F]) backwardEmbedding(tokens []int32) {
	n, params, grads := p.Net, p.Model.Params, p.Model.Grads
	d := p.dx
	if n.Factorised() {
		x := p.embedded
		if n.Family == space.Encoder {
			x = p.normed
		}
		linearBackward(p.Exec, p.de, n.Embedding, d, n.Hidden, x, n.Embedding, params, grads, n.projection, p.m, false)
		d = p.de
	}
	if n.Family == space.Encoder {
		normBackward(p.Exec, d, d, p.embedded, p.embedStats, params, grads, n.embeddingNorm, p.m, false)
	}
	embeddingBackward(p.Exec, d, tokens, grads, n.word, n.position, n.segment, p.t, n.Embedding)
}

// attentionBackward: dh[M][C] of attention(h) from dy[M][C], or dh += it.
func (p *Pass[F]) attentionBackward(l *layerNet, s *layerViews[F], dh, dy, h []F, add bool) {
	params, grads, c := p.Model.Params, p.Model.Grads, p.Net.Hidden
	linearBackward(p.Exec, p.dcontext, l.queryWidth, dy, c, s.context, l.queryWidth, params, grads, l.output, p.m, false)
	attentionBackward(p.Exec, p.dq, p.dk, p.dv, p.dcontext, s.weights, s.q, s.k, s.v, p.shape(l))
	p.rotateAll(l, p.dq, p.dk, true)
	linearBackward(p.Exec, dh, c, p.dq, l.queryWidth, h, c, params, grads, l.query, p.m, add)
	linearBackward(p.Exec, dh, c, p.dk, l.keyWidth, h, c, params, grads, l.key, p.m, true)
	linearBackward(p.Exec, dh, c, p.dv, l.keyWidth, h, c, params, grads, l.value, p.m, true)
}

// feedForwardBackward: dh[M][C] of ffn(h) from dy[M][C], or dh += it.
func (p *Pass[F]) feedForwardBackward(l *layerNet, s *layerViews[F], dh, dy, h []F, add bool) {
	params, grads, c := p.Model.Params, p.Model.Grads, p.Net.Hidden
	n := p.m * l.FFN
	linearBackward(p.Exec, p.df, l.FFN, dy, c, s.f, l.FFN, params, grads, l.down, p.m, false)
	if p.Net.Gated {
		activationBackward(p.Exec, p.dgate, p.dup, p.df[:n], s.gate, s.up)
		linearBackward(p.Exec, dh, c, p.dgate, l.FFN, h, c, params, grads, l.gate, p.m, add)
		add = true
	} else {
		activationBackward(p.Exec, p.dup, nil, p.df[:n], s.up, nil)
	}
	linearBackward(p.Exec, dh, c, p.dup, l.FFN, h, c, params, grads, l.up, p.m, add)
}

// backwardHead makes dx[M][C] of the gradient of the logits.
func (p *Pass[F]) backwardHead() {
	n, params, grads, c, r := p.Net, p.Model.Params, p.Model.Grads, p.Net.Hidden, len(p.rows)
	h := p.picked
	if n.Family == space.Decoder {
		h = p.final
	}
	narrow := n.Head != space.Untied && n.Factorised()
	if narrow {
		linearBackward(p.Exec, p.de, n.Embedding, p.logits, n.Vocabulary, p.narrow, n.Embedding, params, grads, n.head, r, false)
		linearBackward(p.Exec, p.dh, c, p.de, n.Embedding, h, c, params, grads, n.headProjection, r, false)
	} else {
		linearBackward(p.Exec, p.dh, c, p.logits, n.Vocabulary, h, c, params, grads, n.head, r, false)
	}
	if n.Family == space.Decoder {
		normBackward(p.Exec, p.dh, p.dh, p.picked, p.finalStats, params, grads, n.finalNorm, r, false)
	}
	clear(p.dx)
	for i, row := range p.rows {
		copy(p.dx[int(row)*c:][:c], p.dh[i*c:])
	}
}
