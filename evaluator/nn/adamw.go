package nn

import (
	"math"

	"nas/internal/huge"
)

// Optimiser is AdamW (Loshchilov & Hutter 2019) over the parameters of a Model.
type Optimiser[F Float] struct {
	Step          int // updates done
	first, second []F // moments
}

// The constants of language models (Brown et al. 2020, appendix B).
const (
	beta1        = 0.9
	beta2        = 0.95
	adamEpsilon  = 1e-8
	normChunk    = 1 << 14 // gradients whose squares are added up at a time
	leastOfRate  = 0.1     // where the cosine ends
	updateValues = 1 << 12
)

// NewOptimiser makes an optimiser of m.
func NewOptimiser[F Float](m *Model[F]) *Optimiser[F] {
	return &Optimiser[F]{first: huge.Make[F](len(m.Params)), second: huge.Make[F](len(m.Params))}
}

// Rate is the learning rate at a step of total: it rises linearly over the warm-up,
// then falls as a cosine to a tenth.
func Rate(peak float64, step, warmup, total int) float64 {
	if step < warmup {
		return peak * float64(step+1) / float64(warmup)
	}
	done := float64(step-warmup) / float64(max(total-warmup, 1))
	return peak * (leastOfRate + (1-leastOfRate)*(1+math.Cos(math.Pi*min(done, 1)))/2)
}

// GradientNorm is the Euclidean length of all gradients.
func GradientNorm[F Float](e *Exec[F], grads []F) float64 {
	parts := make([]float64, (len(grads)+normChunk-1)/normChunk)
	e.parallel(len(parts), func(_, from, to int) {
		for i := from; i < to; i++ {
			var sum [4]F
			chunk := grads[i*normChunk : min((i+1)*normChunk, len(grads))]
			for len(chunk) >= 4 {
				sum[0] += chunk[0] * chunk[0]
				sum[1] += chunk[1] * chunk[1]
				sum[2] += chunk[2] * chunk[2]
				sum[3] += chunk[3] * chunk[3]
				chunk = chunk[4:]
			}
			for _, v := range chunk {
				sum[0] += v * v
			}
			parts[i] = float64(sum[0]) + float64(sum[1]) + float64(sum[2]) + float64(sum[3])
		}
	})
	total := 0.0
	for _, v := range parts {
		total += v
	}
	return math.Sqrt(total)
}

// Update takes one step at a rate and clears the gradients. Gradients longer than
// clip all together are scaled down to it; decay pulls matrices and tables to zero.
// It returns the length before.
func (o *Optimiser[F]) Update(e *Exec[F], m *Model[F], rate, decay, clip float64) (norm float64) {
	norm = GradientNorm(e, m.Grads)
	scale := 1.0
	if norm > clip {
		scale = clip / norm
	}
	o.Step++
	correct1, correct2 := 1-math.Pow(beta1, float64(o.Step)), 1-math.Pow(beta2, float64(o.Step))
	c := updateConstants[F]{scale: F(scale), rate: F(rate / correct1), root: F(1 / math.Sqrt(correct2))}
	for _, t := range m.Tensors {
		c.keep = 1
		if t.Decay {
			c.keep = F(1 - rate*decay)
		}
		blocks := (t.Size() + updateValues - 1) / updateValues
		e.parallel(blocks, func(_, from, to int) {
			a, b := t.Offset+from*updateValues, t.Offset+min(to*updateValues, t.Size())
			c.update(m.Params[a:b], m.Grads[a:b], o.first[a:b], o.second[a:b])
		})
	}
	return norm
}

type updateConstants[F Float] struct{ scale, rate, root, keep F }

func (c updateConstants[F]) update(params, grads, first, second []F) {
	grads, first, second = grads[:len(params)], first[:len(params)], second[:len(params)]
	for i, p := range params {
		g := grads[i] * c.scale
		m := beta1*first[i] + (1-beta1)*g
		v := beta2*second[i] + (1-beta2)*g*g
		first[i], second[i], grads[i] = m, v, 0
		params[i] = c.keep*p - c.rate*m/(F(math.Sqrt(float64(v)))*c.root+adamEpsilon)
	}
}
