package engine

import (
	"nas/kernels"
	"nas/space"
)

// Epsilon keeps norms finite: what GPT-2 and Llama use.
const Epsilon = 1e-5

// Sizes of a unit of work.
const (
	linearRows    = 4  // rows, where there are many
	linearColumns = 32 // columns, where rows are few
	storeRows     = 16 // tokens of one KV head
	attentionRows = 32 // queries of one head: a block of the kernel
	embedAhead    = 8  // rows asked for before they are read
)

func runEmbed(e *Engine, s *step, _ []byte, from, to int) {
	for r := from; r < to; r++ {
		dst, token := s.out[r*s.outWidth:][:s.outWidth], int(e.tokens[r])
		if s.op.Packed {
			e.set.GatherColumn(dst, &s.weight[0].matrix, token, false)
		} else {
			if ahead := r + embedAhead; ahead < to {
				s.weight[0].table.Prefetch(int(e.tokens[ahead]))
			}
			e.set.Gather(dst, &s.weight[0].table, token, false)
		}
		position := r % s.perSequence
		if s.decode {
			position = e.position
		}
		if s.weight[1] != nil {
			e.set.Gather(dst, &s.weight[1].table, position, true)
		}
		if s.weight[2] != nil {
			e.set.Gather(dst, &s.weight[2].table, 0, true)
		}
	}
}

func runNorm(e *Engine, s *step, _ []byte, from, to int) {
	in, out, w := s.in[from*s.stride:], s.out[from*s.outWidth:], s.weight[0]
	if s.op.Norm == space.RMSNorm {
		e.set.RMSNorm(out, in, w.scale, to-from, s.width, s.stride, s.outWidth, Epsilon)
		return
	}
	e.set.LayerNorm(out, in, w.scale, w.shift, to-from, s.width, s.stride, s.outWidth, Epsilon)
}

// linearUnits shares a product by rows where there are enough for all workers,
// else by columns: each worker then quantises the same few rows.
func linearUnits(rows, columns, threads int) (int, func(*Engine, *step, []byte, int, int)) {
	if threads == 1 || rows >= 8*threads {
		return blocks(rows, linearRows), func(e *Engine, s *step, scratch []byte, from, to int) {
			from, to = from*linearRows, min(to*linearRows, s.op.Rows)
			a := s.linear(scratch)
			a.X, a.Dst, a.Rows = s.in[from*s.stride:], s.out[from*s.outWidth:], to-from
			if a.Residual != nil {
				a.Residual = a.Dst
			}
			e.set.Linear(&a)
		}
	}
	return blocks(columns, linearColumns), func(e *Engine, s *step, scratch []byte, from, to int) {
		a := s.linear(scratch)
		a.ColLo, a.ColHi = from*linearColumns, min(to*linearColumns, kernels.PadN(a.W.N))
		e.set.Linear(&a)
	}
}

var activations = [...]kernels.Activation{space.Identity: kernels.None, space.ReLU: kernels.ReLU,
	space.GELU: kernels.GELU, space.SiLU: kernels.SiLU, space.Tanh: kernels.Tanh}

// linear is the whole of a Linear step.
func (s *step) linear(scratch []byte) kernels.LinearArgs {
	a := kernels.LinearArgs{X: s.in, LDX: s.stride, Rows: s.op.Rows, W: &s.weight[0].matrix, Dst: s.out, LDD: s.outWidth,
		Outputs: s.outWidth, Act: activations[s.op.Activation], Gated: s.op.Gated, Scratch: scratch}
	if s.op.Residual {
		a.Residual = s.out
	}
	return a
}

func runKVStore(e *Engine, s *step, scratch []byte, from, to int) {
	o := s.op
	group := o.Heads / o.KVHeads
	perHead := blocks(o.Rows, storeRows)
	for unit := from; unit < to; unit++ {
		b, head, first := unit/o.KVHeads/perHead, unit%o.KVHeads, unit/o.KVHeads%perHead*storeRows
		rows, position := min(storeRows, o.Rows-first), first
		if s.decode {
			position = e.position
		}
		in := s.in[(b*o.Rows+first)*s.width:]
		keys, values := in[(o.Heads+head)*o.HeadWidth:], in[(o.Heads+o.KVHeads+head)*o.HeadWidth:]
		if o.Rotary {
			for t := range rows {
				table, row := s.weight[0].rotary[(position+t)*o.HeadWidth:][:o.HeadWidth], in[t*s.width:]
				e.set.RoPE(keys[t*s.width:][:o.HeadWidth], table)
				for q := head * group; q < (head+1)*group; q++ {
					e.set.RoPE(row[q*o.HeadWidth:][:o.HeadWidth], table)
				}
			}
		}
		e.set.KVStore(&s.kv[b*o.KVHeads+head], position, rows, keys, values, s.width, scratch)
	}
}

// runAttention works through blocks of one head's queries. Units go by rows, as the
// linear layers' do, so that a worker finds its queries in its own cache. Causal
// ones go by heads: late rows look at more tokens than early ones. Where there is
// one token, all heads that look at the same keys go together.
func runAttention(e *Engine, s *step, scratch []byte, from, to int) {
	o := s.op
	group, perHead := o.Heads/o.KVHeads, blocks(o.Rows, attentionRows)
	a := kernels.AttentionArgs{LDQ: s.width, LDD: s.outWidth, Context: o.Context, Causal: o.Causal, Scratch: scratch}
	if s.decode {
		a.Context = e.position + 1
	}
	for unit := from; unit < to; unit++ {
		var b, head int
		switch {
		case o.Rows == 1:
			b, head = unit/o.KVHeads, unit%o.KVHeads*group
			a.Rows, a.LDQ, a.LDD, a.Causal = group, o.HeadWidth, o.HeadWidth, false
		case o.Causal:
			b, head, a.Offset = unit/perHead/o.Heads, unit/perHead%o.Heads, unit%perHead*attentionRows
			a.Rows = min(attentionRows, o.Rows-a.Offset)
		default:
			b, head, a.Offset = unit/o.Heads/perHead, unit%o.Heads, unit/o.Heads%perHead*attentionRows
			a.Rows = min(attentionRows, o.Rows-a.Offset)
		}
		row := b*o.Rows + a.Offset
		a.Q, a.Dst, a.KV = s.in[row*s.width+head*o.HeadWidth:], s.out[row*s.outWidth+head*o.HeadWidth:], &s.kv[b*o.KVHeads+head/group]
		e.set.Attention(&a)
	}
}
