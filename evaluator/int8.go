package evaluator

import (
	"slices"

	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/internal/engine"
	"nas/kernels"
	"nas/space"
)

// int8Model is a Net quantised as the runtime has it: the engine up to the hidden
// states of all tokens, which it has no need of beyond the last one, and the same
// kernels for the head.
type int8Model struct {
	engine           *engine.Engine
	set              *kernels.Set
	exec             *nn.Exec[float32]
	projection, head *kernels.Matrix
	hidden, classes  int
	scratch          []byte
	picked, logits   []float32
	narrow           []float32
	targets          []int32
}

// newInt8 quantises n for batches of b sequences of t tokens, on one thread.
func newInt8(m *nn.Model[float32], n *nn.Net, b, t int) (*int8Model, error) {
	level, err := kernels.Detect("")
	if err != nil {
		return nil, err
	}
	set, err := kernels.For(level)
	if err != nil {
		return nil, err
	}
	a := n.Arch
	a.Head = space.NoHead
	w := space.Workload{Phase: space.Encode, Batch: b, Tokens: t}
	if a.Family == space.Decoder {
		w.Phase, w.Context = space.Prefill, t
	}
	program, source := space.Lower(a, w), m.Source(n)
	run, err := engine.New(engine.Pack(program, source), engine.Options{Threads: 1, Kernels: set}, program)
	if err != nil {
		return nil, err
	}
	e, err := nn.NewExec[float32](1, "")
	if err != nil {
		return nil, err
	}
	q, h := &int8Model{engine: run, set: set, exec: e, hidden: a.Hidden, classes: a.Vocabulary}, source.Head(n)
	q.head = pack(h.Matrix, nil, a.Vocabulary, h.Width)
	if h.Projection != nil {
		q.projection = pack(h.Projection, h.ProjectionBias, a.Embedding, a.Hidden)
	}
	q.scratch = make([]byte, kernels.LinearScratch(b*t, max(a.Hidden, a.Embedding)))
	return q, nil
}

func (q *int8Model) close() { q.engine.Close() }

// pack quantises w[N][K] by rows.
func pack(w, bias []float32, n, k int) *kernels.Matrix {
	padded := kernels.PadN(n)
	m := &kernels.Matrix{N: n, K: k, Data: make([]int8, padded*kernels.PadK(k)), Sum: make([]int32, padded), Scale: make([]float32, padded)}
	if bias != nil {
		m.Bias = make([]float32, padded)
	}
	kernels.PackMatrix(m, w, bias)
	return m
}

// loss is the mean loss on the targets of a batch, in nats.
func (q *int8Model) loss(batch text.Batch) (float64, error) {
	x, err := q.engine.Run(0, batch.Inputs)
	if err != nil {
		return 0, err
	}
	q.picked, q.targets = q.picked[:0], q.targets[:0]
	for i, target := range batch.Targets {
		if target != text.Ignored {
			q.picked, q.targets = append(q.picked, x[i*q.hidden:][:q.hidden]...), append(q.targets, target)
		}
	}
	h, width := q.picked, q.hidden
	if q.projection != nil {
		h, width = q.linear(&q.narrow, h, width, q.projection), q.projection.N
	}
	losses := nn.CrossEntropies(q.exec, q.linear(&q.logits, h, width, q.head), q.targets, q.classes)
	sum := 0.0
	for _, v := range losses {
		sum += v
	}
	return sum / float64(len(losses)), nil
}

// linear is w of the rows that have targets, in memory that dst keeps.
func (q *int8Model) linear(dst *[]float32, x []float32, width int, w *kernels.Matrix) []float32 {
	rows := len(q.targets)
	*dst = slices.Grow((*dst)[:0], rows*w.N)[:rows*w.N]
	q.set.Linear(&kernels.LinearArgs{X: x, LDX: width, Rows: rows, W: w, Dst: *dst, LDD: w.N, Scratch: q.scratch})
	return *dst
}
