package engine

import (
	"math/rand/v2"

	"nas/kernels"
	"nas/space"
)

// Bench runs single ops over and over, for timing. All its ops share one memory: an
// arena, and a block of random weights through which repetitions walk, so that
// weights come from as far away as they do in a model of that footprint.
type Bench struct {
	engine    *Engine
	weights   block
	footprint int
	noise     []float32
}

// maxVariants is how many places in the block an op's weights take in turn, at
// most.
const maxVariants = 64

// NewBench makes room for each of ops. Repetitions of an op walk through about
// footprint bytes of weights; 0: the same weights each time.
func NewBench(ops []space.Op, footprint int, o Options) (*Bench, error) {
	e, err := o.engine()
	if err != nil {
		return nil, err
	}
	arena, weights := 0, 0
	for _, op := range ops {
		p := space.Probe(op)
		arena, weights = max(arena, space.Plan(p, e.threads).Arena), max(weights, weightBytes(p))
	}
	b := &Bench{engine: e, weights: allocate(weights + footprint), footprint: footprint, noise: make([]float32, 1<<16)}
	e.arena, e.pool = allocate(arena), newPool(e.threads)
	r := rand.New(rand.NewPCG(1, 0))
	for i := range b.noise {
		b.noise[i] = float32(r.NormFloat64())
	}
	// As float32 every word is within a factor of two of 1/64, as int8 three of
	// four are random: scales and weights of a sane size, wherever an op reads.
	for i := range b.weights.bytes {
		b.weights.bytes[i] = byte(r.Uint32())
		if i%4 == 3 {
			b.weights.bytes[i] = 0x3c
		}
	}
	return b, nil
}

// Close ends the workers.
func (b *Bench) Close() { b.engine.pool.close() }

// Probe is one op ready to run.
type Probe struct {
	bench    *Bench
	variants []*prepared
	tokens   []int32
}

// Probe prepares one of the ops that the bench was made for.
func (b *Bench) Probe(op space.Op) (*Probe, error) {
	p := space.Probe(op)
	size := weightBytes(p)
	n := 1
	if size > 0 {
		n = min(max(b.footprint/size, 1), maxVariants)
	}
	e := b.engine
	first := len(e.programs)
	for v := range n {
		w := carveWeights(p, block{bytes: b.weights.bytes[v*size:][:size]})
		for _, t := range w.tensors {
			if t.Kind == space.RotaryTable { // rotations must keep lengths
				t.rotary = make([]float32, t.N*t.Weight.K)
				kernels.RoPETable(t.rotary, t.N, t.Weight.K, RotaryBase)
			}
		}
		if err := e.add(p, w); err != nil {
			return nil, err
		}
	}
	probe := &Probe{bench: b, variants: e.programs[first:]}
	if op.Kind == space.Embed {
		r := rand.New(rand.NewPCG(2, 0))
		probe.tokens = make([]int32, op.Rows)
		for i := range probe.tokens {
			probe.tokens[i] = int32(r.IntN(op.K))
		}
	}
	e.programs = e.programs[:first:first]
	return probe, nil
}

// Prime puts normal values where the op reads; other ops have used the memory.
func (p *Probe) Prime() {
	v := p.variants[0]
	for _, b := range v.floats {
		for at := 0; at < len(b); at += len(p.bench.noise) {
			copy(b[at:], p.bench.noise)
		}
	}
	set := p.bench.engine.set
	for _, heads := range v.caches {
		for h := range heads {
			scratch := make([]byte, kernels.KVScratch(heads[h].HeadWidth))
			for token := range heads[h].Capacity {
				x := p.bench.noise[(h*31+token*17)%(len(p.bench.noise)/2):][:heads[h].HeadWidth]
				set.KVStore(&heads[h], token, 1, x, x, 0, scratch)
			}
		}
	}
}

// Repeat executes the op n times.
func (p *Probe) Repeat(n int) {
	p.bench.engine.tokens = p.tokens
	p.bench.engine.execute(p.variants, n)
}
