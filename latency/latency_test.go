package latency

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"nas/devices"
	"nas/kernels"
	"nas/space"
)

const tiny = `
name: tiny
family: encoder
vocabulary: 100
hidden: [16, 32]
layers: [1, 2]
heads: {per_layer: [1, 2]}
head_width: 8
ffn: {per_layer: [16, 32]}
workload: {sequence: 8}
`

func tinySpace(t testing.TB) (*space.Space, []*space.Program) {
	t.Helper()
	s, err := space.Parse("tiny", []byte(tiny))
	if err != nil {
		t.Fatal(err)
	}
	return s, cover(t, s, s.Workload)
}

func cover(t testing.TB, s *space.Space, w space.Workload) []*space.Program {
	t.Helper()
	programs, err := Cover(s, w, 0, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

func settings(t testing.TB, s *space.Space) Settings {
	t.Helper()
	level, err := kernels.Detect(os.Getenv("NAS_CPU"))
	if err != nil {
		t.Fatal(err)
	}
	return Settings{Device: devices.Detect("test"), Level: level, Workload: s.Workload, Budget: 300 * time.Millisecond, Seed: 1}
}

func TestMeasureGivesEveryOpEntries(t *testing.T) {
	s, programs := tinySpace(t)
	ops, err := s.Ops(s.Workload)
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{1, 2} {
		set := settings(t, s)
		set.Threads = threads
		calls := 0
		set.Progress = func(p Progress) {
			calls++
			if p.Models != len(programs) || p.Done > p.Models || p.Left < 0 {
				t.Errorf("progress %+v", p)
			}
		}
		table, err := Measure(context.Background(), programs, set)
		if err != nil {
			t.Fatal(err)
		}
		if len(table.Models) != len(programs) || len(table.Lacks(ops)) != 0 || calls == 0 {
			t.Errorf("%d models for %d programs, lacking %d ops, %d progress calls", len(table.Models), len(programs), len(table.Lacks(ops)), calls)
		}
		for i, m := range table.Models {
			steps := 0
			for _, o := range m.Ops {
				steps += o.Count
				if err := o.validate(); err != nil {
					t.Errorf("%v: %v", o.Op, err)
				}
			}
			if steps != len(programs[i].Steps) || !m.Complete() || m.Bytes != programs[i].Streamed() {
				t.Errorf("model %d: %d steps, %+v", i, steps, m.Whole)
			}
		}
		if want := Here(set.Device, set.Level, threads, s.Workload); table.Conditions != want {
			t.Errorf("conditions %+v, want %+v", table.Conditions, want)
		}
		if err := table.Context.validate(); err != nil || table.Context.Hz <= 0 {
			t.Errorf("context %+v: %v", table.Context, err)
		}
	}
}

func TestMeasureStops(t *testing.T) {
	s, programs := tinySpace(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Measure(ctx, programs, settings(t, s)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, err := Measure(context.Background(), nil, settings(t, s)); err == nil {
		t.Error("nothing was measured")
	}
}

// The floor is of the lowest level that three rounds are at, not of a single lower
// one, nor of the level at which most rounds were disturbed.
func TestSeriesFloor(t *testing.T) {
	for name, c := range map[string]struct {
		fastest   []float64
		low, high float64
		reached   int
	}{
		"confirmed": {[]float64{13000, 10090, 10000, 16000, 10050, 13000}, 10000, 10090, 3},
		"outlier":   {[]float64{13000, 10090, 9000, 16000, 10050, 10000}, 10000, 10090, 3},
		"disturbed": {[]float64{15000, 15001, 15002, 15003, 15004, 15005, 15006, 10000, 10010, 10020}, 10000, 10020, 3},
		"none":      {[]float64{13000, 11000, 10000, 16000, 14000, 12000}, 10000, 12000, 1},
		"few":       {[]float64{10000, 10010}, 10000, 10010, 2},
		"apart":     {[]float64{13000, 10000}, 10000, 10000, 1},
		"clock":     {[]float64{100, 109, 110, 300, 300, 300}, 100, 110, 3},
	} {
		var s series
		var l looks
		for _, v := range c.fastest {
			s.add([]float64{v, v * 1.1})
			l.add(1000, 1000)
		}
		e := s.entry(&l, Pace{})
		if e.Floor < c.low || e.Floor > c.high || e.Reached != c.reached || e.Rounds != len(c.fastest) || e.Samples != 2*len(c.fastest) {
			t.Errorf("%s: got %+v, want a floor in %v…%v, reached %d times", name, e, c.low, c.high, c.reached)
		}
		if err := e.validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The error says how far floors of two measurements are apart, whatever the scatter,
// and a quorum that two of them agree.
func TestFloorError(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for _, scatter := range []float64{0.002, 0.01, 0.03} {
		var floors, errors []float64
		far, confirmed := 0, 0
		for range 400 {
			var s series
			var l looks
			for range 24 {
				v := 1e6 * (1 + scatter*r.NormFloat64())
				if r.IntN(5) < 2 {
					v *= 1.25 + 0.3*r.Float64()
				}
				s.add([]float64{v})
				l.add(1000, 1000)
			}
			e := s.entry(&l, Pace{})
			floors, errors = append(floors, e.Floor), append(errors, e.Error)
			if e.Quorum() {
				confirmed++
				if center := 1e6 * (1 - 0.8*scatter); math.Abs(e.Floor/center-1) > quorumTolerance {
					far++
				}
			}
		}
		center, sum := mean(floors), 0.0
		for _, v := range floors {
			sum += (v/center - 1) * (v/center - 1)
		}
		seen, said := math.Sqrt(sum/float64(len(floors))), mean(errors)
		if said < 0.8*seen || said > 1.8*seen || 20*far > confirmed+20 || confirmed == 0 && scatter < 0.02 {
			t.Errorf("scatter %v: floors are %.2f %% apart, the error says %.2f %%; %d confirmed, %d of them off", scatter, 100*seen, 100*said, confirmed, far)
		}
	}
}

// Times that follow the core with an elasticity of 0.6 are brought to one pace, and
// rounds in which it slowed down do not count.
func TestPace(t *testing.T) {
	s := emptyState(3)
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		for i := range s.Models {
			look := 10000 * (1 + float64(r.IntN(4))*0.025)
			after, noise := look, 1+0.002*r.Float64()
			if r.IntN(5) == 0 {
				after, noise = look*1.2, 1.15
			}
			v := 1e6 * float64(i+1) * math.Pow(look/10000, 0.6) * noise
			s.Models[i].Looks.add(look, after)
			s.Models[i].Whole.add([]float64{v})
		}
	}
	p := s.pace()
	if p.Look != 10000 || math.Abs(p.Elasticity-0.6) > 0.03 {
		t.Errorf("got %+v, want elasticity 0.6 at 10000 ns", p)
	}
	for i := range s.Models {
		m := &s.Models[i]
		if e := m.Whole.entry(&m.Looks, p); math.Abs(e.Floor/(1e6*float64(i+1))-1) > 0.004 || !e.Quorum() {
			t.Errorf("model %d: %+v", i, e)
		}
	}
}

// Where there is time for the smallest models alone, what they lack stands alone.
func TestCoverOfLittleTime(t *testing.T) {
	s, err := space.Load("encoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	ops, err := s.Ops(s.Workload)
	if err != nil {
		t.Fatal(err)
	}
	least := Cost(space.Lower(s.Arch(extremes(s)[0]), s.Workload))
	programs, err := Cover(s, s.Workload, 5*least, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	has, alone := map[space.Op]bool{}, 0
	for _, p := range programs {
		list, _ := p.Ops()
		for _, o := range list {
			has[o] = true
		}
		if len(p.Steps) == 1 {
			alone++
		}
	}
	for _, o := range ops {
		if !has[o] {
			t.Errorf("no model has %v", o)
		}
	}
	if alone == 0 || alone == len(programs) {
		t.Errorf("%d of %d stand alone", alone, len(programs))
	}
}

// Every op of a space stands in the models of a covering, and these are of all
// sizes.
func TestCover(t *testing.T) {
	for _, name := range space.Names() {
		s, err := space.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range s.Workload.Phases() {
			programs := cover(t, s, w)
			count, sizes := map[space.Op]int{}, map[int]bool{}
			for _, p := range programs {
				sizes[2*placeOf(p.Streamed()).knot/perDoubling] = true
				list, _ := p.Ops()
				for _, o := range list {
					count[o]++
				}
			}
			ops, err := s.Ops(w)
			if err != nil {
				t.Fatal(err)
			}
			often := 0
			for _, o := range ops {
				if count[o] == 0 {
					t.Errorf("%s: no model has %v", name, o)
				}
				if count[o] > 1 {
					often++
				}
			}
			if 10*often < 9*len(ops) || len(sizes) < 8 {
				t.Errorf("%s: %d of %d ops stand in several of %d models, of %d sizes", name, often, len(ops), len(programs), len(sizes))
			}
		}
	}
}

// made is a table of made-up times for testing what reads tables: in the models of
// a covering an op takes ns in a model that streams so many bytes.
func made(programs []*space.Program, ns func(o space.Op, bytes int) float64, overhead float64) *Table {
	p := devices.Detect("test")
	entry := func(v float64) Entry { return Entry{v, v * 1.2, v * 1.1, v * 1.5, 6, 3, 12, 0} }
	t := &Table{Conditions: Here(p, kernels.Generic, 1, programs[0].Workload), Date: "2026-01-02T03:04:05Z", Reference: entry(1000), Context: Context{Busy: 1.2}}
	for _, program := range programs {
		m := Model{Bytes: program.Streamed()}
		sum := overhead
		ops, count := program.Ops()
		for _, o := range ops {
			v := ns(o, m.Bytes)
			sum += float64(count[o]) * v
			m.Ops = append(m.Ops, OpEntry{o, count[o], entry(v)})
		}
		m.Whole = entry(sum)
		t.Models = append(t.Models, m)
	}
	return t
}

func conditionsOf(w space.Workload) Conditions { return Conditions{"x", "avx2", 1, 1, w} }

func TestConditions(t *testing.T) {
	a := conditionsOf(space.Workload{Phase: space.Decode, Batch: 1, Tokens: 4, Context: 9})
	b := a
	b.Workload.Tokens = 5 // the prompt does not matter to decoding
	if len(a.Differences(b)) != 0 || a.Key() != b.Key() {
		t.Error("equal conditions differ")
	}
	b.Threads, b.Level, b.Workload.Context = 2, "generic", 10
	if diff := a.Differences(b); len(diff) != 3 || !strings.Contains(strings.Join(diff, "; "), "threads: 1, not 2") || a.Key() == b.Key() {
		t.Errorf("got %v", diff)
	}
}

func TestUnconfirmedSaysHowWell(t *testing.T) {
	_, programs := builtin(t)
	table := func(rounds int, err float64) *Table {
		made := made(programs, law, 0)
		for i := range made.Models {
			for j := range made.Models[i].Ops {
				e := &made.Models[i].Ops[j].Entry
				e.Rounds, e.Reached, e.Error = rounds, min(rounds, quorumRounds), err
			}
		}
		return made
	}
	for _, c := range []struct {
		table *Table
		want  string
	}{
		{table(24, 0.0001), ""},
		{table(24, 0.1), "(in the median to "},
		{table(2, 0), "ops are not confirmed to 1 %"},
	} {
		if got := c.table.Unconfirmed(); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%q, want %q in it", got, c.want)
		}
	}
	mixed := table(24, 0.1)
	for i := range mixed.Models[:len(mixed.Models)-1] {
		for j := range mixed.Models[i].Ops {
			mixed.Models[i].Ops[j].Error = 0
		}
	}
	if got := mixed.Unconfirmed(); strings.Contains(got, "median") || !strings.Contains(got, "confirmed") {
		t.Errorf("%q tells of entries without an error", got)
	}
}
