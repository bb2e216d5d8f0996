package engine

import (
	"fmt"

	"nas/kernels"
	"nas/space"
)

// RotaryBase is the base of the rotary frequencies (Su et al. 2021, section 3.3).
const RotaryBase = 10000

// Weights are the parameters of one architecture as the kernels read them, in one
// block of memory. The programs of a decoder's two phases share them.
type Weights struct {
	memory  block
	tensors map[string]*tensor
}

type tensor struct {
	space.Weight
	matrix       kernels.Matrix
	table        kernels.Table
	scale, shift []float32 // of a norm
	rotary       []float32 // [N][2][K/2]
}

// Source supplies float parameters by name. A matrix is [N][K] row-major and named
// NAME.weight, its bias NAME.bias; a gated one has NAME.gate.weight and
// NAME.up.weight (and their .bias); a norm NAME.weight and NAME.bias; a table
// NAME.weight. Rows of an attention.qkv are queries, keys, values, head by head.
type Source interface {
	Tensor(name string, dst []float32)
}

// Bytes is the size of the block.
func (w *Weights) Bytes() int { return len(w.memory.bytes) }

// Pack quantises the parameters of p from src.
func Pack(p *space.Program, src Source) *Weights {
	read := func(name string, n int) []float32 {
		x := make([]float32, n)
		src.Tensor(name, x)
		return x
	}
	return build(p, func(t *tensor) {
		switch {
		case t.Kind == space.Vector:
			src.Tensor(t.Name+".weight", t.scale)
			if t.shift != nil {
				src.Tensor(t.Name+".bias", t.shift)
			}
		case t.Kind == space.Table:
			kernels.PackTable(&t.table, read(t.Name+".weight", t.N*t.Weight.K))
		case t.Gated:
			f := t.N / 2
			var gate, up []float32
			if t.Bias {
				gate, up = read(t.Name+".gate.bias", f), read(t.Name+".up.bias", f)
			}
			kernels.PackGated(&t.matrix, read(t.Name+".gate.weight", f*t.Weight.K), read(t.Name+".up.weight", f*t.Weight.K), gate, up, f, t.Weight.K)
		default:
			var bias []float32
			if t.Bias {
				bias = read(t.Name+".bias", t.N)
			}
			kernels.PackMatrix(&t.matrix, read(t.Name+".weight", t.N*t.Weight.K), bias)
		}
	})
}

// build allocates the weights of p and sets all but the rotary tables by fill.
func build(p *space.Program, fill func(*tensor)) *Weights {
	r := carveWeights(p, allocate(weightBytes(p)))
	for _, t := range r.tensors {
		if t.Kind == space.RotaryTable {
			kernels.RoPETable(t.rotary, t.N, t.Weight.K, RotaryBase)
		} else {
			fill(t)
		}
	}
	return r
}

func weightBytes(p *space.Program) int {
	total := 0
	for _, w := range p.Weights {
		total += w.Bytes
	}
	return total
}

// carveWeights lays the tensors of p out in memory, whatever it holds.
func carveWeights(p *space.Program, memory block) *Weights {
	r := &Weights{memory: memory, tensors: map[string]*tensor{}}
	for _, spec := range p.Weights {
		before := r.memory.used
		t := r.carve(spec)
		if got := r.memory.used - before; got != spec.Bytes {
			panic(fmt.Sprintf("engine: %s takes %d bytes where %d are planned", spec.Name, got, spec.Bytes))
		}
		r.tensors[spec.Name] = t
	}
	return r
}

func (w *Weights) carve(spec space.Weight) *tensor {
	t := &tensor{Weight: spec}
	m := &w.memory
	switch spec.Kind {
	case space.Matrix:
		n := spec.N
		if spec.Gated {
			n = 2 * kernels.PadN(n/2)
		}
		padded := kernels.PadN(n)
		t.matrix = kernels.Matrix{N: n, K: spec.K, Data: take[int8](m, padded*kernels.PadK(spec.K)), Sum: take[int32](m, padded), Scale: take[float32](m, padded)}
		if spec.Bias {
			t.matrix.Bias = take[float32](m, padded)
		}
	case space.Table:
		t.table = kernels.Table{Rows: spec.N, Width: spec.K, Data: take[int8](m, spec.N*spec.K), Scale: take[float32](m, spec.N)}
	case space.Vector:
		t.scale = take[float32](m, spec.N)
		if spec.K == 2 {
			t.shift = take[float32](m, spec.N)
		}
	case space.RotaryTable:
		t.rotary = take[float32](m, spec.N*spec.K)
	}
	return t
}
