package latency

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func tinySpace(t testing.TB) (*space.Space, []space.Op) {
	t.Helper()
	s, err := space.Parse("tiny", []byte(tiny))
	if err != nil {
		t.Fatal(err)
	}
	ops, err := s.Ops(s.Workload)
	if err != nil {
		t.Fatal(err)
	}
	return s, ops
}

func settings(t testing.TB) Settings {
	t.Helper()
	level, err := kernels.Detect(os.Getenv("NAS_CPU"))
	if err != nil {
		t.Fatal(err)
	}
	return Settings{Device: devices.Detect("test"), Level: level, Budget: 5 * time.Second, Seed: 1}
}

func TestMeasureGivesEveryOpAnEntry(t *testing.T) {
	_, ops := tinySpace(t)
	for _, threads := range []int{1, 2} {
		s := settings(t)
		s.Threads = threads
		calls := 0
		s.Progress = func(p Progress) {
			calls++
			if p.Ops != len(ops) || p.Done > p.Ops || p.Left < 0 {
				t.Errorf("progress %+v", p)
			}
		}
		table, err := Measure(context.Background(), ops, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(table.Entries) != len(ops) || len(table.Lacks(ops)) != 0 || calls == 0 {
			t.Errorf("%d entries for %d ops, %d progress calls", len(table.Entries), len(ops), calls)
		}
		for o, e := range table.Entries {
			if err := e.validate(); err != nil {
				t.Errorf("%v: %v", o, err)
			}
		}
		if want := Here(s.Device, s.Level, threads); table.Conditions != want {
			t.Errorf("conditions %+v, want %+v", table.Conditions, want)
		}
	}
}

func TestMeasureStops(t *testing.T) {
	_, ops := tinySpace(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Measure(ctx, ops, settings(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestSeriesFloor(t *testing.T) {
	var s series
	for _, samples := range [][]float64{{130, 131}, {100.9, 140}, {100, 100.5}, {160, 135}, {100.5, 130}, {130, 131}} {
		s.add(samples)
	}
	e := s.entry()
	if e.Floor != 100 || e.Third != 100.9 || e.Reached != 3 || !e.Quorum() || e.Rounds != 6 || e.Samples != 12 {
		t.Errorf("got %+v, want floor 100 reached in 3 of 6 rounds of 12 samples", e)
	}
	// Medians of the rounds: 100.25 115.25 120.45 130.5 130.5 147.5
	if e.Median != (120.45+130.5)/2 || e.Low != 100.25 || e.High != 147.5 {
		t.Errorf("median %v in %v…%v", e.Median, e.Low, e.High)
	}
}

// made is a table of made-up times for testing what reads tables.
func made(ops []space.Op, ns func(space.Op) float64) *Table {
	p := devices.Detect("test")
	t := &Table{Conditions: Here(p, kernels.Generic, 1), Date: "2026-01-02T03:04:05Z", Footprint: 1 << 20, Overhead: 50, Entries: map[space.Op]Entry{},
		Reference: Entry{1000, 1002, 1100, 1000, 1300, 6, 4, 12}}
	for _, o := range ops {
		v := ns(o)
		t.Entries[o] = Entry{v, v * 1.005, v * 1.2, v * 1.1, v * 1.5, 6, 3, 12}
	}
	return t
}

func builtinOps(t testing.TB) (*space.Space, []space.Op) {
	t.Helper()
	s, err := space.Load("encoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	ops, err := s.Ops(s.Workload)
	if err != nil {
		t.Fatal(err)
	}
	return s, ops
}

func TestPredictorSums(t *testing.T) {
	s, ops := tinySpace(t)
	p, err := NewPredictor(made(ops, func(o space.Op) float64 { return 100 + float64(o.MACs()) }))
	if err != nil {
		t.Fatal(err)
	}
	program := space.Lower(s.Arch(space.Genes{0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0}), s.Workload)
	want := 50.0
	for _, step := range program.Steps {
		want += 100 + float64(step.Op.MACs())
	}
	e := p.Program(program)
	if math.Abs(e.Nanoseconds-want) > 1e-6 || e.Unknown != 0 {
		t.Errorf("got %+v, want %v ns", e, want)
	}
	if low, high := (want-50)*0.99+50, (want-50)*1.5+50; math.Abs(e.Low-low) > 1e-6 || math.Abs(e.High-high) > 1e-6 {
		t.Errorf("interval %v…%v, want %v…%v", e.Low, e.High, low, high)
	}
}

// Ops that a table lacks are guessed within their interval nearly always, and never
// at zero.
func TestPredictorInterpolates(t *testing.T) {
	_, ops := builtinOps(t)
	truth := func(o space.Op) float64 { return 300 + float64(o.MACs())/80 + 2*float64(o.Rows*o.N)/4 }
	inside, total := 0, 0
	for fold := range 5 {
		var kept []space.Op
		for i, o := range ops {
			if i%5 != fold {
				kept = append(kept, o)
			}
		}
		p, err := NewPredictor(made(kept, truth))
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range ops {
			if i%5 != fold {
				continue
			}
			e := p.Op(o)
			if !(e.Nanoseconds > 0) || !(e.Low > 0) || e.Low >= e.Nanoseconds || e.High <= e.Nanoseconds || e.Unknown != 1 {
				t.Fatalf("%v: %+v", o, e)
			}
			total++
			if v := truth(o); e.Low <= v && v <= e.High {
				inside++
			}
		}
	}
	t.Logf("%d of %d inside", inside, total)
	if float64(inside) < 0.9*float64(total) {
		t.Errorf("%d of %d are inside their interval, want 90 %%", inside, total)
	}
}

// An op of a kind that the table has nothing of, and ops far outside.
func TestPredictorNeverFails(t *testing.T) {
	_, ops := builtinOps(t)
	p, err := NewPredictor(made(ops[:1], func(space.Op) float64 { return 5 }))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"norm rows=1 n=1", "linear rows=16777216 n=16777216 k=16777216", "attention batch=1 rows=1 heads=1 kv=1 width=8 context=1"} {
		o, err := space.ParseOp(text)
		if err != nil {
			t.Fatal(err)
		}
		e := p.Op(o)
		if !(e.Low > 0) || math.IsInf(e.High, 0) || math.IsNaN(e.High) || e.High/e.Low < 50 {
			t.Errorf("%s: %+v, want a wide finite interval above zero", text, e)
		}
	}
	if _, err := NewPredictor(&Table{}); err == nil {
		t.Error("an empty table makes a predictor")
	}
}

func TestFileRoundTrip(t *testing.T) {
	_, ops := builtinOps(t)
	f := &File{Device: devices.Detect("test"), Tables: []*Table{made(ops, func(o space.Op) float64 { return 100 + float64(o.MACs())/77 })}}
	path := filepath.Join(t.TempDir(), "p.json")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	back, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, back); diff != "" {
		t.Errorf("round trip (-in +out):\n%s", diff)
	}
	if back.Table("generic", 1) == nil || back.Table("", 1) == nil || back.Table("avx2", 1) != nil || back.Table("", 2) != nil {
		t.Error("Table finds the wrong table")
	}
}

func TestReadRefuses(t *testing.T) {
	_, ops := tinySpace(t)
	f := &File{Device: devices.Detect("test"), Tables: []*Table{made(ops, func(space.Op) float64 { return 125 })}}
	path := filepath.Join(t.TempDir(), "p.json")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, c := range map[string]struct{ text, want string }{
		"truncated":     {good[:len(good)/2], "truncated"},
		"empty":         {"", "truncated"},
		"not JSON":      {"profile", "not JSON"},
		"another file":  {`{"front": []}`, "unknown key"},
		"newer":         {strings.Replace(good, `"version": 1`, `"version": 2, "shape": {}`, 1), "version 2"},
		"version 0":     {strings.Replace(good, `"version": 1`, `"version": 0`, 1), "version 0"},
		"NaN":           {strings.Replace(good, `"floor_ns": 125`, `"floor_ns": NaN`, 1), "not JSON"},
		"infinite":      {strings.Replace(good, `"floor_ns": 125`, `"floor_ns": 1e999`, 1), "1e999"},
		"negative":      {strings.Replace(good, `"floor_ns": 125`, `"floor_ns": -125`, 1), "-125 ns"},
		"zero":          {strings.Replace(good, `"floor_ns": 125`, `"floor_ns": 0`, 1), "0 ns"},
		"edited":        {strings.Replace(good, `"floor_ns": 125`, `"floor_ns": 124.9`, 1), "checksum"},
		"no quorum":     {strings.Replace(good, `"rounds_at_floor": 3`, `"rounds_at_floor": 9`, 1), "9 of 6 rounds"},
		"duplicate key": {strings.Replace(good, `"format":`, `"format": "x", "format":`, 1), "second time"},
		"unknown op":    {strings.Replace(good, `"op": "norm`, `"op": "nrm`, 1), "nrm"},
		"another CPU":   {strings.Replace(good, `"vendor": "`, `"vendor": "Other`, 1), "a table is of"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "latency: "+path+":") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format": "nas-profile", "version": 1, "checksum": "", "content": {"device": {"name": "x"}, "tables": [{"entries": [{"op": "norm rows=1 n=1"}]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parse(data)
		if err == nil && len(file.Tables) == 0 {
			t.Errorf("%q is a profile without tables", data)
		}
	})
}

func TestConditions(t *testing.T) {
	a := Conditions{"x", "avx2", 1, 1}
	b := a
	if len(a.Differences(b)) != 0 || a.Key() != b.Key() {
		t.Error("equal conditions differ")
	}
	b.Threads, b.Level = 2, "generic"
	if diff := a.Differences(b); len(diff) != 2 || !strings.Contains(strings.Join(diff, "; "), "threads: 1, not 2") || a.Key() == b.Key() {
		t.Errorf("got %v", diff)
	}
}
