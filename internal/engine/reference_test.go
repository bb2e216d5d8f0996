package engine

import (
	"fmt"
	"math"

	"nas/space"
)

// reference is a transformer in plain float64, written from the papers and not
// from the Program, on the parameters of a Source.
type reference struct {
	space.Arch
	source Source
}

func (m reference) tensor(name string, n int) []float64 {
	x := make([]float32, n)
	m.source.Tensor(name, x)
	y := make([]float64, n)
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// linear is x W^T + b for each row of x.
func (m reference) linear(name string, x [][]float64, n int, bias bool) [][]float64 {
	k := len(x[0])
	w, b := m.tensor(name+".weight", n*k), make([]float64, n)
	if bias {
		b = m.tensor(name+".bias", n)
	}
	y := make([][]float64, len(x))
	for r := range x {
		y[r] = make([]float64, n)
		for i := range y[r] {
			y[r][i] = b[i]
			for j, v := range x[r] {
				y[r][i] += v * w[i*k+j]
			}
		}
	}
	return y
}

func (m reference) norm(name string, x [][]float64) [][]float64 {
	n := len(x[0])
	scale, shift := m.tensor(name+".weight", n), make([]float64, n)
	if m.Norm == space.LayerNorm {
		shift = m.tensor(name+".bias", n)
	}
	y := make([][]float64, len(x))
	for r, row := range x {
		mean, square := 0.0, 0.0
		if m.Norm == space.LayerNorm {
			for _, v := range row {
				mean += v / float64(n)
			}
		}
		for _, v := range row {
			square += (v - mean) * (v - mean) / float64(n)
		}
		y[r] = make([]float64, n)
		for i, v := range row {
			y[r][i] = (v-mean)/math.Sqrt(square+Epsilon)*scale[i] + shift[i]
		}
	}
	return y
}

func add(x, y [][]float64) [][]float64 {
	for r := range x {
		for i := range x[r] {
			x[r][i] += y[r][i]
		}
	}
	return x
}

// activate is the exact function; the kernels' GELU is the tanh form.
func activate(a space.Activation, v float64) float64 {
	switch a {
	case space.ReLU:
		return max(v, 0)
	case space.GELU:
		return v * (1 + math.Erf(v/math.Sqrt2)) / 2
	case space.SiLU:
		return v / (1 + math.Exp(-v))
	}
	return v
}

func (m reference) attention(name string, x [][]float64, l space.Layer) [][]float64 {
	d := l.HeadWidth
	qkv := m.linear(name+".qkv", x, (l.Heads+2*l.KVHeads)*d, m.Bias)
	part := func(t, head int) []float64 { return qkv[t][head*d:][:d] }
	if m.Position == space.Rotary {
		for t := range qkv {
			for head := range l.Heads + l.KVHeads {
				v := part(t, head)
				for i := range d / 2 {
					sin, cos := math.Sincos(float64(t) * math.Pow(RotaryBase, -2*float64(i)/float64(d)))
					v[i], v[i+d/2] = v[i]*cos-v[i+d/2]*sin, v[i]*sin+v[i+d/2]*cos
				}
			}
		}
	}
	out := make([][]float64, len(x))
	for t := range x {
		out[t] = make([]float64, l.Heads*d)
		for head := range l.Heads {
			kv := head / (l.Heads / l.KVHeads)
			seen := len(x)
			if m.Family == space.Decoder {
				seen = t + 1
			}
			weights, sum := make([]float64, seen), 0.0
			for j := range weights {
				for i, q := range part(t, head) {
					weights[j] += q * part(j, l.Heads+kv)[i] / math.Sqrt(float64(d))
				}
				weights[j] = math.Exp(weights[j])
				sum += weights[j]
			}
			for j, w := range weights {
				for i, v := range part(j, l.Heads+l.KVHeads+kv) {
					out[t][head*d+i] += w / sum * v
				}
			}
		}
	}
	return m.linear(name+".output", out, m.Hidden, m.Bias)
}

func (m reference) feedForward(name string, x [][]float64, f int) [][]float64 {
	var h [][]float64
	if m.Gated {
		h = m.linear(name+".up.gate", x, f, m.Bias)
		up := m.linear(name+".up.up", x, f, m.Bias)
		for r := range h {
			for i := range h[r] {
				h[r][i] = activate(m.Activation, h[r][i]) * up[r][i]
			}
		}
	} else {
		h = m.linear(name+".up", x, f, m.Bias)
		for r := range h {
			for i := range h[r] {
				h[r][i] = activate(m.Activation, h[r][i])
			}
		}
	}
	return m.linear(name+".down", h, m.Hidden, m.Bias)
}

// run is the result for one sequence: pooled vector, hidden states, or the logits
// of the last token.
func (m reference) run(tokens []int32) [][]float64 {
	word := m.tensor("embeddings.word.weight", m.Vocabulary*m.Embedding)
	x := make([][]float64, len(tokens))
	for t, token := range tokens {
		x[t] = append([]float64(nil), word[int(token)*m.Embedding:][:m.Embedding]...)
	}
	if m.Position == space.Learned {
		table := m.tensor("embeddings.position.weight", m.Positions*m.Embedding)
		for t := range x {
			add(x[t:t+1], [][]float64{table[t*m.Embedding:][:m.Embedding]})
		}
	}
	if m.Segments > 0 {
		table := m.tensor("embeddings.segment.weight", m.Segments*m.Embedding)
		for t := range x {
			add(x[t:t+1], [][]float64{table[:m.Embedding]})
		}
	}
	if m.Family == space.Encoder {
		x = m.norm("embeddings.norm", x)
	}
	if m.Embedding != m.Hidden {
		x = m.linear("embeddings.projection", x, m.Hidden, m.Bias)
	}
	for i, l := range m.Layers {
		name := fmt.Sprintf("layers.%d.", i)
		if m.Family == space.Encoder {
			x = m.norm(name+"attention.norm", add(m.attention(name+"attention", x, l), x))
			x = m.norm(name+"ffn.norm", add(m.feedForward(name+"ffn", x, l.FFN), x))
			continue
		}
		x = add(x, m.attention(name+"attention", m.norm(name+"attention.norm", x), l))
		x = add(x, m.feedForward(name+"ffn", m.norm(name+"ffn.norm", x), l.FFN))
	}
	return m.head(x, word)
}

func (m reference) head(x [][]float64, word []float64) [][]float64 {
	last := x[len(x)-1:]
	switch m.Head {
	case space.Pooler:
		y := m.linear("pooler", x[:1], m.Hidden, m.Bias)
		for i, v := range y[0] {
			y[0][i] = math.Tanh(v)
		}
		return y
	case space.Untied:
		return m.linear("head", m.norm("final.norm", last), m.Vocabulary, false)
	case space.Tied:
		last = m.norm("final.norm", last)
		if m.Embedding != m.Hidden {
			last = m.linear("head.projection", last, m.Embedding, m.Bias)
		}
		logits := make([]float64, m.Vocabulary)
		for v := range logits {
			for i, h := range last[0] {
				logits[v] += h * word[v*m.Embedding+i]
			}
		}
		return [][]float64{logits}
	}
	if m.Family == space.Decoder {
		return m.norm("final.norm", x)
	}
	return x
}
