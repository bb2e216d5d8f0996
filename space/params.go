package space

// Params are numbers of parameters as papers count them: weights and biases,
// without quantisation scales, without padding.
type Params struct {
	Total     int64
	Embedding int64 // tables of words, positions and segments, their norm and the projection to hidden width
}

// NonEmbedding is what computes: Total - Embedding. A tied head counts as
// embedding, an untied one does not.
func (p Params) NonEmbedding() int64 { return p.Total - p.Embedding }

// CountParams counts the parameters of a.
func CountParams(a Arch) Params {
	w := Workload{Phase: Encode, Batch: 1, Tokens: 1}
	if a.Family == Decoder {
		w = Workload{Phase: Prefill, Batch: 1, Tokens: 1, Context: 1}
	}
	return Lower(a, w).Params()
}

// Params counts the parameters of the program's weights.
func (p *Program) Params() Params {
	var sum Params
	for _, w := range p.Weights {
		n := w.Params()
		sum.Total += n
		if w.Embedding {
			sum.Embedding += n
		}
	}
	return sum
}

// Params is the number of parameters in w; rotary tables are computed and hold none.
func (w Weight) Params() int64 {
	n := int64(w.N) * int64(w.K)
	switch {
	case w.Kind == RotaryTable:
		return 0
	case w.Bias:
		n += int64(w.N)
	}
	return n
}
