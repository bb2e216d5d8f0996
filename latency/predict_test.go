package latency

import (
	"math"
	"math/rand/v2"
	"testing"

	"nas/internal/statistics"
	"nas/space"
)

// law is a made-up machine: slower by a tenth where more than 4 MiB are streamed.
func law(o space.Op, bytes int) float64 {
	ns := 300 + float64(o.MACs())/80 + float64(o.Rows*o.N)/2
	if bytes > 4<<20 {
		ns *= 1.1
	}
	return ns
}

func builtin(t testing.TB) (*space.Space, []*space.Program) {
	t.Helper()
	s, err := space.Load("encoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	return s, cover(t, s, s.Workload)
}

func predictor(t testing.TB, table *Table) *Predictor {
	t.Helper()
	p, err := NewPredictor(table)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Models that were not measured are predicted where regimes differ, and a model is
// exactly the sum over its steps in its regime.
func TestPredictorSums(t *testing.T) {
	s, programs := builtin(t)
	const overhead = 0
	p := predictor(t, made(programs, law, overhead))
	r := rand.New(rand.NewPCG(5, 5))
	inside, n := 0, 200
	for range n {
		program := space.Lower(s.Arch(s.Sample(r)), s.Workload)
		truth := float64(overhead)
		for _, step := range program.Steps {
			truth += law(step.Op, program.Streamed())
		}
		e := p.Program(program)
		if math.Abs(e.Nanoseconds/truth-1) > 0.06 || e.Unknown != 0 || e.Low >= e.Nanoseconds || e.High <= e.Nanoseconds {
			t.Fatalf("%+v, want %v ns", e, truth)
		}
		if e.Low <= truth && truth <= e.High {
			inside++
		}
		var regime Regime
		for _, regime = range p.Regimes() {
			if program.Streamed() < regime.Below || regime.Below == 0 {
				break
			}
		}
		sum := picoseconds(regime.Overhead)
		for _, step := range program.Steps {
			sum += picoseconds(regime.Op(step.Op))
		}
		if got := float64(sum) / 1000; got != e.Nanoseconds {
			t.Fatalf("the sum over the regime's steps is %v, the prediction %v", got, e.Nanoseconds)
		}
	}
	if inside < n*8/10 {
		t.Errorf("%d of %d are inside the 90 %% interval", inside, n)
	}
	if busy := p.Program(programs[0]); math.Abs(busy.Busy/busy.Nanoseconds-1.2) > 1e-9 {
		t.Errorf("a busy machine gives %+v", busy)
	}
}

// A machine whose products alone became slower, by some models that were run again.
func TestPredictionsMoveByClass(t *testing.T) {
	_, programs := builtin(t)
	later := func(o space.Op, bytes int) float64 {
		if o.Kind == space.Linear && o.Rows > 8 {
			return 2 * law(o, bytes)
		}
		return law(o, bytes)
	}
	then, now := made(programs, law, 0), made(programs, later, 0)
	var d drift
	for i := 0; i < len(programs); i += 5 {
		d.add(&then.Models[i], &now.Models[i])
	}
	p, lines := predictor(t, then), d.lines()
	for i, m := range now.Models {
		if i%5 == 0 {
			continue
		}
		before, moved := p.Program(programs[i]).Nanoseconds, p.moved(&lines, m.Bytes).Program(programs[i]).Nanoseconds
		if apart := moved / before * then.Models[i].Whole.Floor / m.Whole.Floor; math.Abs(apart-1) > 1e-3 {
			t.Errorf("model %d moves to %.4f of what it takes", i, apart)
		}
	}
}

func TestRegimesAreAscending(t *testing.T) {
	_, programs := builtin(t)
	list := predictor(t, made(programs, law, 0)).Regimes()
	for i, r := range list {
		last := i == len(list)-1
		if last != (r.Below == 0) || i > 0 && !last && r.Below <= list[i-1].Below {
			t.Errorf("regime %d of %d ends below %d", i, len(list), r.Below)
		}
	}
	if len(list) < 2 || len(list) > 20 { // a tenth more, in steps of half a hundredth
		t.Errorf("%d regimes for a machine that has two", len(list))
	}
	flat := func(o space.Op, _ int) float64 { return law(o, 0) }
	if n := len(predictor(t, made(programs, flat, 0)).Regimes()); n != 1 {
		t.Errorf("%d regimes for a machine that has one", n)
	}
}

// One shape after another is left out and guessed: the machine computes in tiles,
// so its times are staircases.
func TestInterpolationLeavesOneShapeOut(t *testing.T) {
	_, programs := builtin(t)
	stairs := func(o space.Op, _ int) float64 {
		n, k, rows := tile(o.N, 16), tile(o.K, 4), float64(max(o.Rows, 1))
		return 200 + rows*n*k/90 + rows*n/3 + rows*k/5 + float64(o.MACs())/70
	}
	f := predictor(t, made(programs, stairs, 0)).fit
	misses, inside := leaveOut(f.op)
	if m := statistics.Median(misses); m > 0.05 {
		t.Errorf("median error %.1f %%", 100*m)
	}
	if 10*inside < 9*len(misses) {
		t.Errorf("%d of %d are inside their interval", inside, len(misses))
	}
}

// leaveOut guesses each op from the others: relative errors, and how many are inside
// the interval.
func leaveOut(own map[space.Op]float64) (misses []float64, inside int) {
	for o, truth := range own {
		rest := map[space.Op]float64{}
		for other, v := range own {
			if other != o {
				rest[other] = v
			}
		}
		g := newInterpolator(rest).guess(o)
		misses = append(misses, math.Abs(math.Exp(g.log-truth)-1))
		if math.Abs(g.log-truth) <= g.wide {
			inside++
		}
	}
	return misses, inside
}

// Ops of a form that the table has nothing of, and ops far outside, are never free.
func TestPredictorNeverFails(t *testing.T) {
	_, programs := builtin(t)
	p := predictor(t, made([]*space.Program{space.Probe(programs[0].Steps[1].Op)}, func(space.Op, int) float64 { return 5 }, 0))
	for _, text := range []string{"norm rows=1 n=1", "linear rows=16777216 n=16777216 k=4096", "attention batch=1 rows=1 heads=1 kv=1 width=8 context=1"} {
		o, err := space.ParseOp(text)
		if err != nil {
			t.Fatal(err)
		}
		g := p.unknown.guess(o)
		if math.IsNaN(g.log) || math.IsInf(g.log, 0) || g.wide < 1 || !g.outside {
			t.Errorf("%s: %+v, want a wide guess, marked", text, g)
		}
	}
	e := p.Program(programs[1])
	if !(e.Low > 0) || !finite(e.High) || e.Unknown == 0 || e.Outside == 0 || e.High/e.Low < 10 {
		t.Errorf("a model of unknown ops: %+v", e)
	}
	if _, err := NewPredictor(&Table{}); err == nil {
		t.Error("an empty table makes a predictor")
	}
}

// Tables whose figures are as far apart as a file may have them still predict times.
func TestPredictorOfExtremes(t *testing.T) {
	_, programs := tinySpace(t)
	r := rand.New(rand.NewPCG(1, 1))
	entry := func() Entry {
		v := []float64{minTime, 1, 1e6, maxTime}[r.IntN(4)]
		return Entry{v, v, v, v, 3, 3, 3, 0}
	}
	for range 50 {
		table := made(programs[:1+r.IntN(4)], law, 0)
		for i := range table.Models {
			m := &table.Models[i]
			m.Bytes, m.Whole = []int{0, 1, 1 << 20, math.MaxInt32}[r.IntN(4)], entry()
			for j := range m.Ops {
				m.Ops[j].Entry, m.Ops[j].Count = entry(), []int{1, maxSteps}[r.IntN(2)]
			}
		}
		p := predictor(t, table)
		for _, program := range programs {
			if e := p.Program(program); !(0 < e.Low && e.Low <= e.Nanoseconds && e.Nanoseconds <= e.High) || !finite(e.High) {
				t.Fatalf("%+v", e)
			}
		}
	}
}
