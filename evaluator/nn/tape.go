package nn

import (
	"nas/internal/huge"
	"nas/space"
)

// Tape is the memory of one forward and backward: what forward leaves for backward,
// and the gradients on the way. One made for a Net serves every Net, and grows for
// one that needs more.
type Tape[F Float] struct {
	arena []F
	views[F]
}

// views are the parts of a tape for one net and batch; M rows, R of which have
// targets.
type views[F Float] struct {
	b, t, m    int
	embedded   []F // [M][E]
	embedStats []F // [M][2], of the encoder's norm
	normed     []F // [M][E], behind it
	layers     []layerViews[F]
	x          []F // [M][C], behind the last layer

	rows          []int32 // with targets
	targets       []int32 // theirs
	losses        []float64
	picked, final []F // [R][C], before and behind the final norm
	finalStats    []F // [R][2]
	narrow        []F // [R][E], where the embedding is factorised
	logits        []F // [R][V], times log2(e); then their gradient

	dx, dh               []F // [M][C]
	dq, dk, dv, dcontext []F
	df, dgate, dup       []F // [M][F]
	de                   []F // [M][E]
}

// layerViews of a layer; in is the residual stream before it.
type layerViews[F Float] struct {
	in, mid, out     []F // [M][C]: before, between and behind its two blocks
	normed1, normed2 []F // [M][C]
	stats1, stats2   []F // [M][2]
	q, k, v          []F // [M][H][D], [M][G][D]
	weights          []F // [B][H][T][T]
	context          []F // [M][H][D]
	gate, up, f      []F // [M][F]
}

// NewTape makes the memory for batches of b sequences of t tokens.
func NewTape[F Float](n *Net, b, t int) *Tape[F] {
	return &Tape[F]{arena: huge.Make[F](tapeSize(n, b, t))}
}

// TapeBytes is what NewTape allocates, in bytes of float32.
func TapeBytes(n *Net, b, t int) int64 { return 4 * int64(tapeSize(n, b, t)) }

func tapeSize(n *Net, b, t int) int {
	size := 0
	carve(n, b, t, func(values int) []float32 { size += values; return nil })
	return size
}

// fit lays the tape out for a net and a batch.
func (tape *Tape[F]) fit(n *Net, b, t int) {
	if size := tapeSize(n, b, t); size > len(tape.arena) {
		tape.arena = huge.Make[F](size)
	}
	used := 0
	rows, targets, losses := tape.rows, tape.targets, tape.losses
	tape.views = carve(n, b, t, func(values int) []F {
		used += values
		return tape.arena[used-values : used : used]
	})
	tape.rows, tape.targets, tape.losses = rows[:0], targets[:0], losses[:0]
}

// carve takes the parts of a tape from where take gives them.
func carve[F Float](n *Net, b, t int, take func(values int) []F) views[F] {
	m := b * t
	c, width := m*n.Hidden, m*n.Embedding
	v := views[F]{b: b, t: t, m: m, embedded: take(width), de: take(width), dx: take(c), dh: take(c)}
	if n.Family == space.Encoder {
		v.embedStats, v.normed = take(2*m), take(width)
	}
	x := v.embedded
	if n.Family == space.Encoder {
		x = v.normed
	}
	if n.Factorised() {
		x = take(c)
	}
	var query, key, wide int
	for _, l := range n.layers {
		s := layerViews[F]{in: x, mid: take(c), out: take(c), normed1: take(c), normed2: take(c), stats1: take(2 * m), stats2: take(2 * m),
			q: take(m * l.queryWidth), k: take(m * l.keyWidth), v: take(m * l.keyWidth),
			weights: take(b * l.Heads * t * t), context: take(m * l.queryWidth), up: take(m * l.FFN), f: take(m * l.FFN)}
		if n.Gated {
			s.gate = take(m * l.FFN)
		}
		query, key, wide = max(query, m*l.queryWidth), max(key, m*l.keyWidth), max(wide, m*l.FFN)
		if x = s.out; n.Family == space.Encoder {
			x = s.normed2
		}
		v.layers = append(v.layers, s)
	}
	v.x = x
	v.dq, v.dk, v.dv, v.dcontext = take(query), take(key), take(key), take(query)
	v.df, v.dgate, v.dup = take(wide), take(wide), take(wide)
	v.picked, v.final, v.finalStats, v.logits = take(c), take(c), take(2*m), take(m*n.Vocabulary)
	if n.Factorised() {
		v.narrow = take(width)
	}
	return v
}
