package engine

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"nas/space"
)

// RandomSource gives the parameters of p as a freshly initialised model has them:
// matrices normal with deviation 1/sqrt(K), tables 0.02, norms near one, biases
// near zero. Each tensor depends on the seed and its name alone.
func RandomSource(seed uint64, p *space.Program) Source {
	s := randomSource{seed: seed, form: map[string]normal{}}
	for _, w := range p.Weights {
		switch w.Kind {
		case space.Matrix:
			form := normal{0, 1 / math.Sqrt(float64(w.K))}
			for _, part := range []string{"", ".gate", ".up"} {
				s.form[w.Name+part+".weight"] = form
			}
		case space.Vector:
			s.form[w.Name+".weight"] = normal{1, 0.02}
		}
	}
	return s
}

type normal struct{ mean, deviation float64 }

type randomSource struct {
	seed uint64
	form map[string]normal // by tensor; others are normal{0, 0.02}
}

func (s randomSource) Tensor(name string, dst []float32) {
	form, ok := s.form[name]
	if !ok {
		form = normal{0, 0.02}
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	r := rand.New(rand.NewPCG(s.seed, h.Sum64()))
	for i := range dst {
		dst[i] = float32(form.mean + form.deviation*r.NormFloat64())
	}
}
