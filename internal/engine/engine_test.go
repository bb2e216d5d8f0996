package engine

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"nas/kernels"
	"nas/space"
)

// models are small architectures of every form that a space can ask for.
func models() map[string]space.Arch {
	bert := space.Model{Family: space.Encoder, Vocabulary: 200, Positions: 64, Segments: 2, Activation: space.GELU, Bias: true}
	gpt := space.Model{Family: space.Decoder, Vocabulary: 200, Positions: 64, Activation: space.GELU, Bias: true, Head: space.Tied}
	llama := space.Model{Family: space.Decoder, Vocabulary: 200, Positions: 64, Position: space.Rotary, Norm: space.RMSNorm, Activation: space.SiLU, Gated: true, Head: space.Tied}
	pooled, relu, untied, biased := bert, bert, llama, llama
	pooled.Head, relu.Activation, untied.Head = space.Pooler, space.ReLU, space.Untied
	biased.Bias, biased.Activation, biased.Head = true, space.GELU, space.NoHead
	return map[string]space.Arch{
		"bert":         {Model: bert, Embedding: 64, Hidden: 64, Layers: layers([4]int{4, 16, 4, 128}, [4]int{4, 16, 4, 256})},
		"bert pooled":  {Model: pooled, Embedding: 32, Hidden: 96, Layers: layers([4]int{2, 64, 2, 128}, [4]int{1, 64, 1, 192})},
		"bert odd":     {Model: relu, Embedding: 78, Hidden: 78, Layers: layers([4]int{3, 26, 3, 130}, [4]int{6, 13, 6, 50})},
		"gpt":          {Model: gpt, Embedding: 64, Hidden: 64, Layers: layers([4]int{4, 16, 4, 256}, [4]int{2, 32, 2, 128})},
		"llama":        {Model: llama, Embedding: 64, Hidden: 64, Layers: layers([4]int{4, 16, 2, 172}, [4]int{8, 16, 1, 96})},
		"llama narrow": {Model: llama, Embedding: 48, Hidden: 96, Layers: layers([4]int{6, 16, 2, 128})},
		"llama untied": {Model: untied, Embedding: 64, Hidden: 64, Layers: layers([4]int{4, 16, 4, 100})},
		"llama biased": {Model: biased, Embedding: 64, Hidden: 64, Layers: layers([4]int{4, 16, 4, 100})},
	}
}

// layers makes layers of {heads, head width, KV heads, FFN}.
func layers(sizes ...[4]int) []space.Layer {
	var list []space.Layer
	for _, s := range sizes {
		list = append(list, space.Layer{Heads: s[0], HeadWidth: s[1], KVHeads: s[2], FFN: s[3]})
	}
	return list
}

func workload(f space.Family, batch, tokens int) space.Workload {
	w := space.Workload{Batch: batch, Tokens: tokens}
	if f == space.Decoder {
		w.Phase, w.Context = space.Prefill, tokens+4
	}
	return w
}

// set is the level that the environment asks for, else the best.
func set(t testing.TB) *kernels.Set {
	t.Helper()
	level, err := kernels.Detect(os.Getenv("NAS_CPU"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := kernels.For(level)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newEngine makes the engine of all phases of a on random weights.
func newEngine(t testing.TB, a space.Arch, w space.Workload, threads int) (*Engine, Source) {
	t.Helper()
	var programs []*space.Program
	for _, phase := range w.Phases() {
		programs = append(programs, space.Lower(a, phase))
	}
	source := RandomSource(11, programs[0])
	e, err := New(Pack(programs[0], source), Options{Threads: threads, Kernels: set(t)}, programs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e, source
}

func someTokens(n, vocabulary int) []int32 {
	r, tokens := rand.New(rand.NewPCG(1, 9)), make([]int32, n)
	for i := range tokens {
		tokens[i] = int32(r.IntN(vocabulary))
	}
	return tokens
}

func run(t testing.TB, e *Engine, i int, tokens []int32) []float32 {
	t.Helper()
	y, err := e.Run(i, tokens)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func cosine(x []float32, y []float64) float64 {
	xy, xx, yy := 0.0, 0.0, 0.0
	for i, v := range x {
		xy, xx, yy = xy+float64(v)*y[i], xx+float64(v)*float64(v), yy+y[i]*y[i]
	}
	return xy / math.Sqrt(xx*yy)
}

// The int8 model against the float64 one on the same weights: all hidden states,
// then what the head makes of the last one, where one vector shows more of the
// rounding than the average does.
func TestAgreesWithFloatReference(t *testing.T) {
	for name, a := range models() {
		t.Run(name, func(t *testing.T) {
			if a.Head != space.NoHead {
				agrees(t, a, 0.995)
			}
			a.Head = space.NoHead
			agrees(t, a, 0.999)
		})
	}
}

// agrees holds the cosine with the reference above least: of all of a run's
// results over two sequences, and of tokens generated one by one after it.
func agrees(t *testing.T, a space.Arch, least float64) {
	t.Helper()
	const batch, tokens = 2, 23
	e, source := newEngine(t, a, workload(a.Family, batch, tokens), 1)
	r := reference{a, source}
	sequences := [batch][]int32{}
	for b := range sequences {
		sequences[b] = someTokens(batch*tokens, a.Vocabulary)[b*tokens:][:tokens]
	}
	var want []float64
	for _, s := range sequences {
		want = append(want, slices.Concat(r.run(s)...)...)
	}
	if c := cosine(run(t, e, 0, slices.Concat(sequences[:]...)), want); !(c > least) {
		t.Errorf("%v head: cosine %.6f with the reference, want > %v", a.Head, c, least)
	}
	if a.Family == space.Encoder {
		return
	}
	var got []float32
	want = nil
	for i, next := range [][]int32{{7, 9}, {150, 3}, {7, 99}} {
		e.SetPosition(tokens + i)
		got = append(got, run(t, e, 1, next)...)
		for b := range sequences {
			sequences[b] = append(slices.Clone(sequences[b]), next[b])
			states := r.run(sequences[b])
			want = append(want, states[len(states)-1]...)
		}
	}
	if c := cosine(got, want); !(c > least) {
		t.Errorf("%v head: cosine %.6f of generated tokens with the reference, want > %v", a.Head, c, least)
	}
}

func TestMemoryIsWhatIsPlanned(t *testing.T) {
	for name, a := range models() {
		for _, threads := range []int{1, 3} {
			w := workload(a.Family, 2, 17)
			e, _ := newEngine(t, a, w, threads)
			if got, want := e.Memory(), space.PlanMemory(a, w, threads); got != want {
				t.Errorf("%s, %d threads: allocated %+v, planned %+v", name, threads, got, want)
			}
		}
	}
}

// Every thread count and every CPU level gives the same bits.
func TestThreadsAndLevelsAgree(t *testing.T) {
	for name, a := range models() {
		w := workload(a.Family, 1, 19)
		in := someTokens(19, a.Vocabulary)
		one, source := newEngine(t, a, w, 1)
		want := slices.Clone(run(t, one, 0, in))
		for _, threads := range []int{2, 3, 5} {
			e, _ := newEngine(t, a, w, threads)
			for range 3 {
				if got := run(t, e, 0, in); !slices.Equal(got, want) {
					t.Fatalf("%s: %d threads give another result", name, threads)
				}
			}
		}
		generic, err := New(Pack(one.programs[0].Program, source), Options{}, one.programs[0].Program)
		if err != nil {
			t.Fatal(err)
		}
		if got := run(t, generic, 0, in); !slices.Equal(got, want) {
			t.Errorf("%s: the generic level gives another result than %v", name, set(t).Level())
		}
		generic.Close()
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for name, a := range models() {
		w := workload(a.Family, 1, 19)
		e, _ := newEngine(t, a, w, 2)
		in := someTokens(19, a.Vocabulary)
		// The runtime allocates as well when it starts a thread, a few times in all: many runs.
		if n := testing.AllocsPerRun(40, func() { run(t, e, 0, in) }); n != 0 {
			t.Errorf("%s: %v allocations a run", name, n)
		}
	}
}

// Every op of the built-in spaces runs alone, on random memory.
func TestProbesRun(t *testing.T) {
	for _, name := range space.Names() {
		s, err := space.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Workload.Tokens, s.Workload.Context = 4, min(s.Workload.Context, 8)
		s.Model.Vocabulary = 100
		ops, err := s.Ops(s.Workload)
		if err != nil {
			t.Fatal(err)
		}
		var programs []*space.Program
		for _, op := range ops {
			programs = append(programs, space.Probe(op))
		}
		b, err := NewBench(programs, Options{Kernels: set(t), Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i, op := range ops {
			p, err := b.Probe(programs[i])
			if err != nil {
				t.Fatalf("%v: %v", op, err)
			}
			p.Prime()
			p.Repeat(3)
			for _, v := range p.program.result {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("%v: the result holds %v", op, v)
				}
			}
		}
		b.Close()
	}
}

// Whole models share a bench's memory, and a trace ends its steps in order.
func TestBenchTraces(t *testing.T) {
	var programs []*space.Program
	for _, a := range models() {
		for _, w := range workload(a.Family, 2, 9).Phases() {
			programs = append(programs, space.Lower(a, w))
		}
	}
	for _, threads := range []int{1, 2} {
		b, err := NewBench(programs, Options{Kernels: set(t), Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		for _, program := range programs {
			p, err := b.Probe(program)
			if err != nil {
				t.Fatal(err)
			}
			p.Prime()
			p.Run()
			ends := make([]int64, p.Steps())
			p.Trace(ends)
			if len(ends) != len(program.Steps) || ends[0] <= 0 || !slices.IsSorted(ends) {
				t.Errorf("%v: steps end at %v", program.Workload, ends)
			}
			for _, v := range p.program.result {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("%v: the result holds %v", program.Workload, v)
				}
			}
		}
		b.Close()
	}
}

// A bench's random weights are a model: its result is the same at every kernel level.
func TestBenchAgrees(t *testing.T) {
	s, err := space.Load("decoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	w := s.Workload
	w.Phase, w.Context = space.Decode, 128
	program := space.Lower(s.Arch(s.Sample(rand.New(rand.NewPCG(1, 2)))), w)
	var want []float32
	for _, level := range kernels.Supported() {
		k, err := kernels.For(level)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBench([]*space.Program{program}, Options{Kernels: k, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		p, err := b.Probe(program)
		if err != nil {
			t.Fatal(err)
		}
		p.Prime()
		p.Run()
		if want == nil {
			want = slices.Clone(p.program.result)
		} else if !slices.Equal(p.program.result, want) {
			t.Errorf("%v: the result differs from that of %v", level, kernels.Supported()[0])
		}
		b.Close()
	}
}

func TestRunRefuses(t *testing.T) {
	a := models()["llama"]
	e, _ := newEngine(t, a, workload(a.Family, 1, 5), 1)
	for want, c := range map[string]struct {
		program  int
		tokens   []int32
		position int
	}{
		"4 tokens where":    {0, make([]int32, 4), 0},
		"token 2 is 200":    {0, []int32{0, 0, 200, 0, 0}, 0},
		"token 0 is -1":     {0, []int32{-1, 0, 0, 0, 0}, 0},
		"position 9 is out": {1, []int32{0}, 9},
		"position -1 is":    {1, []int32{0}, -1},
	} {
		e.SetPosition(c.position)
		if _, err := e.Run(c.program, c.tokens); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
