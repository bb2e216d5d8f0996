package engine

import (
	"fmt"

	"nas/kernels"
	"nas/space"
)

// prepared is a program bound to its memory.
type prepared struct {
	*space.Program
	plan       space.Placement
	steps      []step
	floats     [][]float32    // by BufferID, nil for caches
	caches     [][]kernels.KV // by BufferID, nil for others: [batch*KV heads]
	scratch    [][]byte       // by worker
	result     []float32
	tokens     int // that a run takes
	vocabulary int
}

// step is a Step with its operands at hand.
type step struct {
	op          space.Op
	in, out     []float32
	width       int // of a row of in
	outWidth    int
	stride      int // between the rows that are read
	kv          []kernels.KV
	weight      [3]*tensor
	decode      bool // writes and reads the cache at the engine's position
	perSequence int  // tokens
	units       int  // what the workers share
	run         func(e *Engine, s *step, scratch []byte, from, to int)
}

// add places the buffers of a program in the memory of e, and its steps upon them.
func (e *Engine) add(program *space.Program, w *Weights) error {
	p := &prepared{Program: program, plan: space.Plan(program, e.threads)}
	p.floats, p.caches = make([][]float32, len(p.Buffers)), make([][]kernels.KV, len(p.Buffers))
	for i, b := range p.Buffers {
		memory := e.arena.bytes
		if b.Cache {
			memory = e.cache.bytes
		}
		memory = memory[p.plan.Offset[i]:][:b.Bytes]
		if b.KV.Capacity > 0 {
			p.caches[i] = carveKV(memory, b.KV)
		} else {
			p.floats[i] = view[float32](memory, b.Rows*b.Width)
		}
	}
	for i := range e.threads {
		p.scratch = append(p.scratch, e.arena.bytes[p.plan.Scratch+i*p.plan.PerWorker:][:p.plan.PerWorker])
	}
	p.result = p.floats[p.Result]
	for _, s := range p.Steps {
		bound, err := p.bind(s, w, e.threads)
		if err != nil {
			return err
		}
		p.steps = append(p.steps, bound)
	}
	e.programs = append(e.programs, p)
	return nil
}

func (p *prepared) bind(s space.Step, weights *Weights, threads int) (step, error) {
	b := step{op: s.Op, decode: p.Workload.Phase == space.Decode, perSequence: p.Workload.Tokens}
	if b.decode {
		b.perSequence = 1
	} else if b.perSequence == 0 { // the program of a single op
		b.perSequence = s.Op.Rows
	}
	if s.In >= 0 {
		b.in, b.width = p.floats[s.In], p.Buffers[s.In].Width
		b.stride = b.width
	}
	if s.Out >= 0 {
		b.out, b.outWidth = p.floats[s.Out], p.Buffers[s.Out].Width
	}
	if s.Cache >= 0 {
		b.kv = p.caches[s.Cache]
	}
	for i, id := range s.Weights {
		if id < 0 {
			continue
		}
		w := p.Weights[id]
		t := weights.tensors[w.Name]
		if t == nil || t.Weight != w {
			return b, fmt.Errorf("engine: weights were packed for another program: %q differs", w.Name)
		}
		b.weight[i] = t
	}
	if s.Pick != space.AllRows {
		tokens := p.Buffers[s.In].Rows / p.Buffers[s.Out].Rows
		b.stride = tokens * b.width
		if s.Pick == space.LastRows {
			b.in = b.in[(tokens-1)*b.width:]
		}
	}
	switch s.Op.Kind {
	case space.Embed:
		p.tokens, p.vocabulary = s.Op.Rows, s.Op.K
		b.units, b.run = s.Op.Rows, runEmbed
	case space.Norm:
		b.units, b.run = s.Op.Rows, runNorm
	case space.Linear:
		b.units, b.run = linearUnits(s.Op.Rows, b.weight[0].matrix.N, threads)
	case space.KVStore:
		b.units, b.run = s.Op.Batch*s.Op.KVHeads*blocks(s.Op.Rows, storeRows), runKVStore
	case space.Attention:
		b.units, b.run = s.Op.Batch*s.Op.Heads*blocks(s.Op.Rows, attentionRows), runAttention
		if s.Op.Rows == 1 {
			b.units = s.Op.Batch * s.Op.KVHeads
		}
	}
	return b, nil
}

// carveKV cuts memory into the blocks of each sequence and KV head.
func carveKV(memory []byte, shape space.KVShape) []kernels.KV {
	m := block{bytes: memory}
	heads := make([]kernels.KV, shape.Batch*shape.Heads)
	n, depth := kernels.PadN(shape.Capacity), kernels.PadK(shape.Capacity)
	for i := range heads {
		heads[i] = kernels.KV{HeadWidth: shape.Width, Capacity: shape.Capacity,
			K: take[int8](&m, n*kernels.PadK(shape.Width)), KScale: take[float32](&m, n), KSum: take[int32](&m, n),
			V: take[int8](&m, kernels.PadN(shape.Width)*depth), VScale: take[float32](&m, n)}
	}
	if m.used != len(memory) {
		panic(fmt.Sprintf("engine: a cache takes %d bytes where %d are planned", m.used, len(memory)))
	}
	return heads
}

func blocks(n, size int) int { return (n + size - 1) / size }
