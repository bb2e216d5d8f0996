package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nas/evaluator/text"
	"nas/space"
)

// tolerance of a gradient against central differences, relative to the largest of
// its slice. Both are float64, so that the step's square is what is left.
const tolerance = 1e-7

// check holds gradient against the central differences of loss by x.
func check(t *testing.T, name string, x, gradient []float64, loss func() float64) {
	t.Helper()
	const step = 1e-5
	largest, worst, at := 1e-3, 0.0, 0
	numeric := make([]float64, len(x))
	for i := range x {
		before := x[i]
		x[i] = before + step
		high := loss()
		x[i] = before - step
		numeric[i] = (high - loss()) / (2 * step)
		x[i] = before
		largest = max(largest, math.Abs(numeric[i]))
	}
	for i, want := range numeric {
		if d := math.Abs(gradient[i] - want); d > worst || math.IsNaN(d) {
			worst, at = d, i
		}
	}
	if !(worst/largest < tolerance) {
		t.Errorf("%s[%d]: gradient %v, by differences %v", name, at, gradient[at], numeric[at])
	}
}

func exec64(t testing.TB) *Exec[float64] {
	t.Helper()
	e, err := NewExec[float64](3, "")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func normals(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// dot is the loss that all layers are checked with: a random weight of each output.
func dot(x, weights []float64) (sum float64) {
	for i, v := range weights {
		sum += x[i] * v
	}
	return sum
}

func TestLinearGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(1, 1))
	const m = 5
	for name, w := range map[string]matrix{
		"plain":        {offset: 3, n: 4, k: 6, ld: 6, blocks: 1, bias: -1},
		"bias":         {offset: 0, n: 4, k: 6, ld: 7, blocks: 1, bias: 60},
		"heads":        {offset: 2, n: 2, k: 6, ld: 8, blocks: 3, step: 24, bias: 80, biasStep: 3},
		"across heads": {offset: 2, n: 4, k: 2, ld: 16, blocks: 3, step: 5, across: true, bias: 70},
	} {
		n, k := w.n*w.blocks, w.k
		if w.across {
			n, k = w.n, w.k*w.blocks
		}
		ldx, ldy := k+1, n+2
		x, y0, params, weights := normals(r, m*ldx), normals(r, m*ldy), normals(r, 100), normals(r, m*ldy)
		for i := range weights {
			if i%ldy >= n {
				weights[i] = 0
			}
		}
		for _, add := range []bool{false, true} {
			loss := func() float64 {
				y := append([]float64{}, y0...)
				linearForward(e, y, ldy, x, ldx, params, w, m, add)
				return dot(y, weights)
			}
			dx, grads := normals(r, m*ldx), normals(r, len(params))
			dx0, grads0 := append([]float64{}, dx...), append([]float64{}, grads...)
			linearBackward(e, dx, ldx, weights, ldy, x, ldx, params, grads, w, m, add)
			for i := range grads {
				grads[i] -= grads0[i]
			}
			for i := range dx {
				switch {
				case i%ldx >= k && dx[i] != dx0[i]:
					t.Errorf("%s: wrote between rows", name)
				case i%ldx >= k:
					dx[i] = 0
				case add:
					dx[i] -= dx0[i]
				}
			}
			check(t, name+" dx", x, dx, loss)
			check(t, name+" dw", params, grads, loss)
		}
	}
}

func TestNormGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(2, 1))
	const m, n = 5, 7
	for name, w := range map[string]vector{"layernorm": {1, 10, n}, "rmsnorm": {1, -1, n}} {
		x, params, weights, stats, y := normals(r, m*n), normals(r, 20), normals(r, m*n), make([]float64, 2*m), make([]float64, m*n)
		loss := func() float64 {
			normForward(e, y, x, stats, params, w, m)
			return dot(y, weights)
		}
		loss()
		dx, grads := make([]float64, m*n), make([]float64, 20)
		normBackward(e, dx, weights, x, stats, params, grads, w, m, false)
		check(t, name+" dx", x, dx, loss)
		check(t, name+" dw", params, grads, loss)
		loss()
		same, again := append([]float64{}, weights...), make([]float64, 20)
		normBackward(e, same, same, x, stats, params, again, w, m, false)
		for i := range same {
			if same[i] != dx[i] {
				t.Errorf("%s in place: %v, want %v", name, same[i], dx[i])
			}
		}
		for i := range again {
			if again[i] != grads[i] {
				t.Errorf("%s in place: %v, want %v", name, again[i], grads[i])
			}
		}
	}
}

func TestRotaryGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(3, 1))
	const b, T, heads, d = 2, 5, 3, 4
	x, weights, table := normals(r, b*T*heads*d), normals(r, b*T*heads*d), rotaryTable[float64](T, d)
	dx := append([]float64{}, weights...)
	rotate(e, dx, table, b*T, T, heads, d, true)
	check(t, "rope", x, dx, func() float64 {
		y := append([]float64{}, x...)
		rotate(e, y, table, b*T, T, heads, d, false)
		return dot(y, weights)
	})
}

func TestAttentionGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(4, 1))
	for _, s := range []attentionShape{
		{b: 2, t: 5, h: 2, g: 2, d: 3}, {b: 2, t: 5, h: 4, g: 2, d: 3, causal: true}, {b: 1, t: 7, h: 3, g: 1, d: 2, causal: true},
		{b: 1, t: attentionRows + 3, h: 2, g: 1, d: 2, causal: true}, {b: 1, t: 1, h: 1, g: 1, d: 1, causal: true},
	} {
		m := s.b * s.t
		q, k, v, weights := normals(r, m*s.h*s.d), normals(r, m*s.g*s.d), normals(r, m*s.g*s.d), normals(r, m*s.h*s.d)
		y, p := make([]float64, len(q)), make([]float64, s.b*s.h*s.t*s.t)
		loss := func() float64 {
			attentionForward(e, y, p, q, k, v, s)
			return dot(y, weights)
		}
		loss()
		dq, dk, dv := normals(r, len(q)), normals(r, len(k)), normals(r, len(v)) // written over
		attentionBackward(e, dq, dk, dv, weights, p, q, k, v, s)
		name := fmt.Sprintf("%+v ", s)
		check(t, name+"dq", q, dq, loss)
		check(t, name+"dk", k, dk, loss)
		check(t, name+"dv", v, dv, loss)
	}
}

func TestActivationGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(5, 1))
	for _, act := range []space.Activation{space.ReLU, space.GELU, space.SiLU} {
		x, up, weights, y := normals(r, 40), normals(r, 40), normals(r, 40), make([]float64, 40)
		run := func(gated bool) (a, b []float64) {
			a = append([]float64{}, x...)
			if gated {
				b = append([]float64{}, up...)
			}
			activationForward(e, act, y, a, b)
			return a, b
		}
		for _, gated := range []bool{false, true} {
			loss := func() float64 { run(gated); return dot(y, weights) }
			a, b := run(gated)
			dx, dup := make([]float64, 40), make([]float64, 40)
			activationBackward(e, dx, dup, weights, a, b)
			check(t, fmt.Sprintf("%v gated %t dx", act, gated), x, dx, loss)
			if gated {
				check(t, fmt.Sprintf("%v dup", act), up, dup, loss)
			}
		}
	}
}

func TestEmbeddingGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(6, 1))
	tokens := []int32{1, 3, 1, 0, 2, 3}
	const T, width = 3, 4
	params, weights, grads, y := normals(r, 60), normals(r, len(tokens)*width), make([]float64, 60), make([]float64, len(tokens)*width)
	word, position, segment := table{0, 5}, table{22, 6}, table{44, 7}
	embeddingBackward(e, weights, tokens, grads, word, position, segment, T, width)
	check(t, "embedding", params, grads, func() float64 {
		embeddingForward(e, y, tokens, params, word, position, segment, T, width)
		return dot(y, weights)
	})
}

func TestLossGradients(t *testing.T) {
	e, r := exec64(t), rand.New(rand.NewPCG(7, 1))
	const rows, v = 4, 6
	z, teacher, targets := normals(r, rows*v), normals(r, rows*v), []int32{0, 5, 2, 2}
	base2 := func(x []float64) []float64 {
		y := make([]float64, len(x))
		for i := range x {
			y[i] = x[i] * math.Log2E
		}
		return y
	}
	losses := make([]float64, rows)
	average := func() (sum float64) {
		for _, l := range losses {
			sum += l / rows
		}
		return sum
	}
	dz := base2(z)
	crossEntropy(e, losses, dz, targets, v, 0.7)
	// By hand, in nats.
	sum := 0.0
	for _, x := range z[:v] {
		sum += math.Exp(x)
	}
	if want := math.Log(sum) - z[0]; math.Abs(losses[0]-want) > 1e-12 {
		t.Errorf("cross entropy %v, want %v", losses[0], want)
	}
	check(t, "cross entropy", z, dz, func() float64 {
		crossEntropy(e, losses, base2(z), targets, v, 1)
		return 0.7 * average()
	})
	d := Distillation{Weight: 0.4, Temperature: 2.5}
	dz = make([]float64, rows*v)
	distil(e, losses, dz, base2(z), base2(teacher), rows, v, d)
	check(t, "distillation", z, dz, func() float64 {
		distil(e, losses, make([]float64, rows*v), base2(z), base2(teacher), rows, v, d)
		return d.Weight * average()
	})
	distil(e, losses, dz, base2(z), base2(z), rows, v, d)
	if math.Abs(losses[0]) > 1e-12 {
		t.Errorf("a teacher differs from itself by %v", losses[0])
	}
	// By hand: KL of the first row.
	distil(e, losses, dz, base2(z), base2(teacher), rows, v, d)
	soft := func(x []float64) []float64 {
		p, sum := make([]float64, v), 0.0
		for i := range p {
			p[i] = math.Exp(x[i] / d.Temperature)
			sum += p[i]
		}
		for i := range p {
			p[i] /= sum
		}
		return p
	}
	p, q, want := soft(teacher[:v]), soft(z[:v]), 0.0
	for i := range p {
		want += d.Temperature * d.Temperature * p[i] * math.Log(p[i]/q[i])
	}
	if math.Abs(losses[0]-want) > 1e-12 {
		t.Errorf("divergence %v, want %v", losses[0], want)
	}
}

// small are architectures of every form, and slices of them.
func small() map[string][2]space.Arch {
	decoder := space.Model{Family: space.Decoder, Vocabulary: 11, Positions: 6, Position: space.Rotary, Norm: space.RMSNorm, Activation: space.SiLU, Gated: true, Head: space.Tied}
	gpt := space.Model{Family: space.Decoder, Vocabulary: 11, Positions: 6, Activation: space.GELU, Bias: true, Head: space.Untied}
	bert := space.Model{Family: space.Encoder, Vocabulary: 11, Positions: 6, Segments: 2, Activation: space.GELU, Bias: true, Head: space.Pooler}
	arch := func(m space.Model, e, c int, l ...space.Layer) space.Arch {
		return space.Arch{Model: m, Embedding: e, Hidden: c, Layers: l}
	}
	two := []space.Layer{{Heads: 4, HeadWidth: 4, KVHeads: 2, FFN: 7}, {Heads: 2, HeadWidth: 6, KVHeads: 1, FFN: 5}}
	fewer := []space.Layer{{Heads: 2, HeadWidth: 2, KVHeads: 1, FFN: 3}}
	return map[string][2]space.Arch{
		"llama":      {arch(decoder, 8, 8, two...), arch(decoder, 6, 6, fewer...)},
		"factorised": {arch(decoder, 5, 8, two...), arch(decoder, 4, 6, fewer...)},
		"gpt":        {arch(gpt, 8, 8, two...), arch(gpt, 6, 6, fewer...)},
		"bert":       {arch(bert, 8, 8, two...), arch(bert, 6, 6, fewer...)},
		"albert":     {arch(bert, 5, 8, two...), arch(bert, 4, 6, fewer...)},
	}
}

func randomBatch(r *rand.Rand, b, t, v int) text.Batch {
	batch := text.NewBatch(b, t)
	for i := range batch.Inputs {
		batch.Inputs[i], batch.Targets[i] = int32(r.IntN(v)), int32(r.IntN(v))
		if i%3 == 1 {
			batch.Targets[i] = text.Ignored
		}
	}
	return batch
}

// The gradients of whole models, and of slices within them, with both losses.
func TestModelGradients(t *testing.T) {
	e := exec64(t)
	for name, archs := range small() {
		m := NewModel[float64](archs[0], 1)
		r := rand.New(rand.NewPCG(8, 1))
		for i := range m.Params { // larger than a fresh model's, so that everything matters
			m.Params[i] += 0.2 * r.NormFloat64()
		}
		batch := randomBatch(r, 2, 5, 11)
		for k, a := range archs {
			net, err := m.Slice(a)
			if err != nil {
				t.Fatal(err)
			}
			tape := NewTape[float64](m.Whole(), 2, 5)
			p := &Pass[float64]{Exec: e, Tape: tape, Net: net, Model: m}
			rows := p.Forward(batch)
			teacher := normals(r, rows*11)
			spare := make([]float64, rows*11)
			d := Distillation{Weight: 0.3, Temperature: 1.5}
			clear(m.Grads)
			p.Distil(teacher, spare, d)
			p.Backward(batch)
			check(t, fmt.Sprintf("%s %d", name, k), m.Params, m.Grads, func() float64 {
				p.Forward(batch)
				return p.Distil(teacher, spare, d).Mean
			})
		}
	}
}
