package space

// Probe is the program of o alone, with buffers and weights of its own: what is
// timed for a latency table.
func Probe(o Op) *Program {
	b := builder{layer: Prologue, batch: max(o.Batch, 1), tokens: o.Rows, context: o.Context, capacity: max(o.Context, o.Rows)}
	step := Step{Op: o, Name: o.Kind.String(), In: none, Out: none, Cache: none, Weights: [3]WeightID{none, none, none}}
	switch o.Kind {
	case Embed:
		step.Out = b.buffer("out", o.Rows, o.N)
		if o.Packed {
			step.Weights[0] = b.matrix("word", o.K, o.N, false, false)
		} else {
			step.Weights[0] = b.table("word", o.K, o.N)
		}
		for i := 1; i < o.Tables; i++ {
			step.Weights[i] = b.table("more", o.Rows, o.N)
		}
	case Norm:
		k := 1
		if o.Norm == LayerNorm {
			k = 2
		}
		step.In = b.buffer("in", o.Rows, o.N)
		step.Out = b.buffer("out", o.Rows, o.N)
		step.Weights[0] = b.weight(Weight{Name: "norm", Kind: Vector, N: o.N, K: k, Bytes: k * align(4*o.N), Flash: k * 4 * o.N})
	case Linear:
		n := o.N
		if o.Gated {
			n /= 2
		}
		step.In = b.buffer("in", o.Rows, o.K)
		step.Out = b.buffer("out", o.Rows, n)
		step.Weights[0] = b.matrix("matrix", o.N, o.K, o.Bias, o.Gated)
	case KVStore:
		step.In = b.buffer("qkv", b.rows(), (o.Heads+2*o.KVHeads)*o.HeadWidth)
		step.Cache = b.cache("kv", KVShape{Batch: b.batch, Heads: o.KVHeads, Width: o.HeadWidth, Capacity: b.capacity})
		if o.Rotary {
			step.Weights[0] = b.rotaryTable(o.HeadWidth)
		}
	case Attention:
		step.In = b.buffer("qkv", b.rows(), (o.Heads+2*o.KVHeads)*o.HeadWidth)
		step.Cache = b.cache("kv", KVShape{Batch: b.batch, Heads: o.KVHeads, Width: o.HeadWidth, Capacity: b.capacity})
		step.Out = b.buffer("context", b.rows(), o.Heads*o.HeadWidth)
	}
	b.add(step)
	b.Result = max(step.Out, 0)
	return &b.Program
}
