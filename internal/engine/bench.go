package engine

import (
	"math"
	"math/rand/v2"
	"time"

	"nas/kernels"
	"nas/space"
)

// streamTokens are so many that most rows of a vocabulary come from beyond the core's
// caches, as they do where every text is new.
const streamTokens = 1 << 15

// Bench runs whole programs for timing, all in one memory: an arena, a KV cache and
// a block of random weights as large as the largest program asks. So hundreds of
// models fit where one does.
type Bench struct {
	engine  *Engine
	weights block
	noise   []float32
}

// NewBench makes room for programs.
func NewBench(programs []*space.Program, o Options) (*Bench, error) {
	e, err := o.engine()
	if err != nil {
		return nil, err
	}
	var m space.Memory
	for _, p := range programs {
		plan := space.Plan(p, e.threads)
		m.Arena, m.KV, m.Weights = max(m.Arena, plan.Arena), max(m.KV, plan.KV), max(m.Weights, weightBytes(p))
	}
	memory := allocate(m.Arena + m.KV + m.Weights) // sizes are multiples of space.Align
	cut := func(n int) (b block) {
		b.bytes, memory.bytes = memory.bytes[:n:n], memory.bytes[n:]
		return b
	}
	b := &Bench{engine: e, noise: make([]float32, 1<<16)}
	e.arena, e.cache, b.weights = cut(m.Arena), cut(m.KV), cut(m.Weights)
	e.pool = newPool(e.threads)
	r := rand.New(rand.NewPCG(1, 0))
	for i := range b.noise {
		b.noise[i] = float32(r.NormFloat64())
	}
	// As float32 every word is within a factor of two of 1/64, as int8 three of
	// four are random: scales and weights of a sane size, wherever a step reads.
	some := b.weights.bytes[:min(len(b.weights.bytes), 1<<18)]
	for i := range some {
		some[i] = byte(r.Uint32())
		if i%4 == 3 {
			some[i] = 0x3c
		}
	}
	for at := len(some); at < len(b.weights.bytes); {
		at += copy(b.weights.bytes[at:], some)
	}
	return b, nil
}

// Close ends the workers.
func (b *Bench) Close() { b.engine.pool.close() }

// Probe is one program ready to run.
type Probe struct {
	bench   *Bench
	program *prepared
	turn    [1]*prepared
	stream  []int32 // random tokens; each run takes the next ones
	at      int
}

// Probe prepares one of the programs that the bench was made for.
func (b *Bench) Probe(program *space.Program) (*Probe, error) {
	w := carveWeights(program, b.weights)
	for _, t := range w.tensors {
		switch t.Kind {
		case space.RotaryTable: // rotations must keep lengths
			t.rotary = make([]float32, t.N*t.Weight.K)
			kernels.RoPETable(t.rotary, t.N, t.Weight.K, RotaryBase)
		case space.Matrix: // activations keep their size, else softmax underflows, which is slow
			t.matrix.Sum, t.matrix.Scale = make([]int32, len(t.matrix.Sum)), make([]float32, len(t.matrix.Scale))
			b.engine.set.SumColumns(&t.matrix)
			for i := range t.matrix.Scale {
				t.matrix.Scale[i] = 1 / (74 * float32(math.Sqrt(float64(t.Weight.K)))) // 74: random int8 in the mean square
			}
		}
	}
	e := b.engine
	if err := e.add(program, w); err != nil {
		return nil, err
	}
	last := len(e.programs) - 1
	p := &Probe{bench: b, program: e.programs[last], turn: [1]*prepared{e.programs[last]}}
	e.programs = e.programs[:last]
	if n := p.program.tokens; n > 0 {
		r := rand.New(rand.NewPCG(2, 0))
		p.stream = make([]int32, n*max(1, streamTokens/n))
		for i := range p.stream {
			p.stream[i] = int32(r.IntN(p.program.vocabulary))
		}
	}
	return p, nil
}

// Steps is the number of steps of the program.
func (p *Probe) Steps() int { return len(p.program.steps) }

// Prime puts normal values into what the program reads and does not write: the KV
// cache where it decodes, and the input of a single op. Other programs have used
// the memory.
func (p *Probe) Prime() {
	alone := p.program.Workload == space.Workload{}
	if alone {
		for _, b := range p.program.floats {
			for at := 0; at < len(b); at += len(p.bench.noise) {
				copy(b[at:], p.bench.noise)
			}
		}
	}
	if !alone && p.program.Workload.Phase != space.Decode {
		return
	}
	set := p.bench.engine.set
	for _, heads := range p.program.caches {
		for h := range heads {
			scratch := make([]byte, kernels.KVScratch(heads[h].HeadWidth))
			for token := range heads[h].Capacity {
				x := p.bench.noise[(h*31+token*17)%(len(p.bench.noise)/2):][:heads[h].HeadWidth]
				set.KVStore(&heads[h], token, 1, x, x, 0, scratch)
			}
		}
	}
}

// Run executes the program once, on tokens of its own.
func (p *Probe) Run() {
	p.next()
	p.bench.engine.execute(p.turn[:], 1)
}

// Repeat executes the program n times on the same tokens, without a pause.
func (p *Probe) Repeat(n int) {
	p.next()
	p.bench.engine.execute(p.turn[:], n)
}

func (p *Probe) next() {
	e := p.bench.engine
	e.position = max(p.program.Workload.Context-1, 0)
	if p.stream != nil {
		e.tokens = p.stream[p.at:][:p.program.tokens]
		p.at = (p.at + p.program.tokens) % len(p.stream)
	}
}

// Trace executes the program once and writes when each step ended, in ns since the
// start. ends has room for Steps.
func (p *Probe) Trace(ends []int64) {
	p.next()
	e := p.bench.engine
	e.started, e.ends = time.Now(), ends
	e.execute(p.turn[:], 1)
	e.ends = nil
}
