package nn

import (
	"fmt"
	"math"
	"slices"
)

// sort orders the neurons of every feed-forward network, and its heads where each
// has keys of its own, by importance, so that slices keep what matters: how much a
// unit writes into the residual stream, the mean of its size over the tokens of the
// last forward times the length of its column behind it (as Wanda does; Sun et al.
// 2024). The whole computes the same as before, and so goes on the optimiser.
func (t *Trainer) sort() {
	for i := range t.Arch.Layers {
		l, s := t.Arch.Layers[i], &t.pass.layers[i]
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", i, s) }
		order := t.order(s.f, name("ffn.down.weight"), 1)
		t.rows(order, name("ffn.gate"), name("ffn.up"))
		t.columns(order, 1, name("ffn.down"))
		if l.KVHeads == l.Heads {
			order = t.order(s.context, name("attention.output.weight"), l.HeadWidth)
			t.rows(order, name("attention.query"), name("attention.key"), name("attention.value"))
			t.columns(order, l.HeadWidth, name("attention.output"))
		}
	}
}

// order lists units of width values from the most important to the least; x is
// [M][units*width], the matrix behind it [C][units*width].
func (t *Trainer) order(x []float32, matrix string, width int) []int {
	w, _ := t.Tensor(matrix)
	sizes, lengths := make([]float64, w.Columns), make([]float64, w.Columns)
	for i, v := range x {
		sizes[i%w.Columns] += math.Abs(float64(v))
	}
	for i, v := range t.Params[w.Offset:][:w.Size()] {
		lengths[i%w.Columns] += float64(v) * float64(v)
	}
	importance, order := make([]float64, w.Columns/width), make([]int, w.Columns/width)
	for i := range sizes {
		importance[i/width] += sizes[i] * math.Sqrt(lengths[i])
	}
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case importance[a] > importance[b]:
			return -1
		case importance[a] < importance[b]:
			return 1
		}
		return 0
	})
	return order
}

// states are the values that belong to the parameters, one for one.
func (t *Trainer) states() [][]float32 {
	return [][]float32{t.Params, t.optimiser.first, t.optimiser.second}
}

// rows permutes units of equally many rows, and their biases, in the linear layers
// of those names.
func (t *Trainer) rows(order []int, names ...string) {
	for _, name := range names {
		for _, part := range []string{".weight", ".bias"} {
			w, ok := t.Tensor(name + part)
			if !ok {
				continue
			}
			unit := w.Size() / len(order)
			for _, x := range t.states() {
				x = x[w.Offset:][:w.Size()]
				before := slices.Clone(x)
				for to, from := range order {
					copy(x[to*unit:][:unit], before[from*unit:])
				}
			}
		}
	}
}

// columns permutes units of width columns of a linear layer.
func (t *Trainer) columns(order []int, width int, name string) {
	w, _ := t.Tensor(name + ".weight")
	for _, x := range t.states() {
		for r := range w.Rows {
			row := x[w.Offset+r*w.Columns:][:w.Columns]
			before := slices.Clone(row)
			for to, from := range order {
				copy(row[to*width:][:width], before[from*width:])
			}
		}
	}
}
