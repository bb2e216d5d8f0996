package nn

import "nas/space"

// Inherit gives t the values that its architecture has as a slice of m, in the place of
// first ones by chance.
func (t *Trainer) Inherit(m *Model[float32]) error {
	slice, err := m.Slice(t.Arch)
	if err != nil {
		return err
	}
	from, to := slice.runs(), t.Whole().runs()
	var source, target run
	for len(from) > 0 || source.n > 0 { // the same values in the same order, cut at other places
		if source.n == 0 {
			source, from = from[0], from[1:]
		}
		if target.n == 0 {
			target, to = to[0], to[1:]
		}
		n := min(source.n, target.n)
		copy(t.Params[target.offset:][:n], m.Params[source.offset:])
		source, target = run{source.offset + n, source.n - n}, run{target.offset + n, target.n - n}
	}
	return nil
}

// run is n parameters that follow each other.
type run struct{ offset, n int }

// runs are the values of w, row by row.
func (w matrix) runs() (list []run) {
	if w.across { // blocks lie along the rows
		for r := range w.n {
			for b := range w.blocks {
				list = append(list, run{w.offset + r*w.ld + b*w.step, w.k})
			}
		}
		return list
	}
	for b := range w.blocks {
		for r := range w.n {
			list = append(list, run{w.offset + b*w.step + r*w.ld, w.k})
		}
	}
	return list
}

// runs are all parameters of n, in an order that every slice of one model shares.
func (n *Net) runs() (list []run) {
	linear := func(w matrix) {
		list = append(list, w.runs()...)
		for b := range w.blocks {
			if w.bias >= 0 && (b == 0 || !w.across) {
				list = append(list, run{w.bias + b*w.biasStep, w.n})
			}
		}
	}
	table := func(t table, rows int) {
		for r := range rows {
			list = append(list, run{t.offset + r*t.ld, n.Embedding})
		}
	}
	norm := func(v vector) {
		list = append(list, run{v.scale, v.n})
		if v.shift >= 0 {
			list = append(list, run{v.shift, v.n})
		}
	}
	table(n.word, n.Vocabulary)
	if n.Position == space.Learned {
		table(n.position, n.Positions)
	}
	table(n.segment, n.Segments)
	if n.Family == space.Encoder {
		norm(n.embeddingNorm)
	}
	if n.Factorised() {
		linear(n.projection)
	}
	for _, l := range n.layers {
		norm(l.attentionNorm)
		for _, w := range []matrix{l.query, l.key, l.value, l.output} {
			linear(w)
		}
		norm(l.ffnNorm)
		if n.Gated {
			linear(l.gate)
		}
		linear(l.up)
		linear(l.down)
	}
	if n.Family == space.Decoder {
		norm(n.finalNorm)
	}
	switch {
	case n.Head == space.Untied:
		linear(n.head)
	case n.Factorised():
		linear(n.headProjection)
	}
	return list
}
