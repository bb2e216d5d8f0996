package space

import (
	"cmp"
	"math"
	"slices"
)

// Memory is what a model needs on the device, in bytes.
type Memory struct {
	Weights int // int8 weights with scales, sums and biases, embeddings, tables
	Arena   int // peak of the live buffers, and every worker's scratch
	KV      int // cache at the workload's context
	Flash   int // the weights file: the stored numbers without padding
}

// Total is what the memory budget limits.
func (m Memory) Total() int { return m.Weights + m.Arena + m.KV }

// PlanMemory is the memory of a under w with threads workers. A decoder's arena
// is the larger one of its two phases'.
func PlanMemory(a Arch, w Workload, threads int) Memory {
	var m Memory
	for _, phase := range w.Phases() {
		p := Lower(a, phase)
		this := Plan(p, threads).Memory
		this.Arena = max(this.Arena, m.Arena)
		m = this
	}
	return m
}

// Placement says where each buffer of a program lies: arena buffers in the
// arena, caches in a memory of their own, both by offset in bytes.
type Placement struct {
	Memory
	Offset    []int // by BufferID
	Scratch   int   // offset of the first worker's scratch in the arena
	PerWorker int   // bytes of a worker's scratch
}

// Plan places the buffers of p by their lifetimes: the longest-lived one, the
// residual stream, at the bottom, then the others by size, each at the lowest free
// offset. Buffers of different layers meet only there, so the peak of a model is
// the largest peak of its layers.
func Plan(p *Program, threads int) Placement {
	pl := Placement{Offset: make([]int, len(p.Buffers))}
	for _, w := range p.Weights {
		pl.Weights += w.Bytes
		pl.Flash += w.Flash
	}
	first, last := lifetimes(p)
	order := make([]int, 0, len(p.Buffers))
	longest := 0
	for i, b := range p.Buffers {
		if b.Cache {
			pl.Offset[i] = pl.KV
			pl.KV += b.Bytes
			continue
		}
		order = append(order, i)
		if last[i]-first[i] > last[longest]-first[longest] {
			longest = i
		}
	}
	size := func(i int) int {
		if i == longest {
			return math.MaxInt
		}
		return p.Buffers[i].Bytes
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(size(j), size(i)) })
	var placed []int // by offset
	for _, i := range order {
		offset := 0
		for _, j := range placed {
			if last[j] < first[i] || last[i] < first[j] {
				continue
			}
			if offset+p.Buffers[i].Bytes <= pl.Offset[j] {
				break
			}
			offset = max(offset, pl.Offset[j]+p.Buffers[j].Bytes)
		}
		pl.Offset[i] = offset
		pl.Scratch = max(pl.Scratch, offset+p.Buffers[i].Bytes)
		at, _ := slices.BinarySearchFunc(placed, offset, func(j, o int) int { return cmp.Compare(pl.Offset[j], o) })
		placed = slices.Insert(placed, at, i)
	}
	for _, s := range p.Steps {
		pl.PerWorker = max(pl.PerWorker, s.Op.Scratch())
	}
	pl.Arena = pl.Scratch + threads*pl.PerWorker
	return pl
}

// Peak is the arena that the buffers alive during some steps of p take: with all
// steps it is Scratch.
func (pl Placement) Peak(p *Program, during func(Step) bool) int {
	first, last := lifetimes(p)
	peak := 0
	for i, s := range p.Steps {
		if !during(s) {
			continue
		}
		for b := range p.Buffers {
			if !p.Buffers[b].Cache && first[b] <= i && i <= last[b] {
				peak = max(peak, pl.Offset[b]+p.Buffers[b].Bytes)
			}
		}
	}
	return peak
}

// lifetimes are the first and last step that touch each buffer; the result lives
// to the end.
func lifetimes(p *Program) (first, last []int) {
	first, last = make([]int, len(p.Buffers)), make([]int, len(p.Buffers))
	for i := range first {
		first[i] = -1
	}
	for i, s := range p.Steps {
		for _, b := range []BufferID{s.In, s.Out, s.Cache} {
			if b == none {
				continue
			}
			if first[b] < 0 {
				first[b] = i
			}
			last[b] = i
		}
	}
	last[p.Result] = len(p.Steps) - 1
	return first, last
}
