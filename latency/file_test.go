package latency

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nas/devices"
	"nas/internal/strictjson"
	"nas/space"
)

func tinyFile(t testing.TB) *File {
	_, programs := tinySpace(t)
	table := made(programs[:3], func(space.Op, int) float64 { return 125 }, 0)
	table.Pace = Pace{Look: 9000, Elasticity: 0.8}
	table.Validation = &Validation{Models: 12, MAPE: 1.5, Worst: -3, Within5: 100, Within10: 100, Tau: 0.99, Pairs: 66, Coverage90: 90}
	return &File{Device: devices.Detect("test"), Tables: []*Table{table}}
}

func TestFileRoundTrip(t *testing.T) {
	s, programs := builtin(t)
	f := &File{Device: devices.Detect("test"), Tables: []*Table{made(programs, law, 0), tinyFile(t).Tables[0]}}
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
	other := s.Workload
	other.Tokens++
	if back.Table("generic", 1, s.Workload) == nil || back.Table("", 1, s.Workload) == nil || back.Table("avx2", 1, s.Workload) != nil ||
		back.Table("", 2, s.Workload) != nil || back.Table("", 1, other) != nil {
		t.Error("Table finds the wrong table")
	}
}

// A file of version 1 is read; its ops were timed alone, so intervals are wide.
func TestReadVersion1(t *testing.T) {
	f, err := Read("testdata/version1.json")
	if err != nil {
		t.Fatal(err)
	}
	table := f.Table("avx512vnni", 1, space.Workload{Phase: space.Encode, Batch: 1, Tokens: 8})
	if table == nil || len(table.Entries()) != 69 || table.Overhead <= 0 {
		t.Fatalf("got %+v", table)
	}
	s, _ := tinySpace(t)
	e := predictor(t, table).Program(space.Lower(s.Arch(space.Genes{0, 0, 0, 0, 0, 0, 0}), s.Workload))
	if e.Unknown != 0 || e.High/e.Low < 1.4 || e.Nanoseconds < table.Overhead {
		t.Errorf("got %+v, want a wide interval", e)
	}
	if _, err := table.Drift(table.Reference); err == nil {
		t.Error("its reference op is compared with a reference model")
	}
	data, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(data), `"rounds": 6`, `"rounds": 7`, 1)
	if _, err := Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("an edited file of version 1: %v", err)
	}
}

// A file of version 2 has floors without errors: a quarter of the rounds confirms them.
func TestReadVersion2(t *testing.T) {
	f, err := Read("testdata/version2.json")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := tinySpace(t)
	table := f.Table("avx2", 1, s.Workload)
	if table == nil || len(table.Entries()) != 69 || table.WithoutQuorum() != 13 || table.Validation != nil {
		t.Fatalf("%d ops, %d without a quorum", len(table.Entries()), table.WithoutQuorum())
	}
	e := predictor(t, table).Program(space.Lower(s.Arch(space.Genes{0, 0, 0, 0, 0, 0, 0}), s.Workload))
	if e.Unknown != 0 || e.High/e.Low > 1.5 {
		t.Errorf("got %+v", e)
	}
}

func TestReadRefuses(t *testing.T) {
	data, err := tinyFile(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	path := filepath.Join(t.TempDir(), "p.json")
	for name, c := range map[string]struct{ old, new, want string }{
		"another file":  {good, `{"front": []}`, "unknown key"},
		"empty":         {good, "", ": empty"},
		"not JSON":      {good, "profile", "not JSON"},
		"newer":         {`"version":3`, `"version":4,"shape":{}`, "version 4"},
		"version 0":     {`"version":3`, `"version":0`, "version 0"},
		"NaN":           {`"floor_ns":125`, `"floor_ns":NaN`, "not JSON"},
		"infinite":      {`"floor_ns":125`, `"floor_ns":1e999`, "1e999"},
		"negative":      {`"floor_ns":125`, `"floor_ns":-125`, "-125 ns"},
		"zero":          {`"floor_ns":125`, `"floor_ns":0`, "0 ns"},
		"edited":        {`"floor_ns":125`, `"floor_ns":124`, "checksum"},
		"no quorum":     {`"rounds_at_floor":3`, `"rounds_at_floor":9`, "9 of 6 rounds"},
		"duplicate key": {`"format":`, `"format":"x","format":`, "second time"},
		"unknown op":    {`"op":"norm`, `"op":"nrm`, "nrm"},
		"steps":         {`"steps":1,`, `"steps":0,`, "0 steps"},
		"another CPU":   {`"vendor":"`, `"vendor":"Other`, "a table is of"},
		"pace":          {`"elasticity":0.8`, `"elasticity":-1`, "elasticity -1"},
		"busy":          {`"busy":1.2`, `"busy":-1`, "busy"},
		"validation":    {`"misordered":0`, `"misordered":67`, "67 of 66"},
		"level":         {`"level":"generic"`, `"level":"\u001b[2J"`, "a table of level"},
		"device":        {`"name":"`, `"name":"\n`, "no text to describe"},
		"threads":       {`"threads":1`, `"threads":0`, "0 threads"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s: the file holds no %q", name, c.old)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "latency: "+path+":") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", name, err, c.want)
		}
	}
}

// Any changed byte and any cut is noticed.
func TestReadNoticesEveryByte(t *testing.T) {
	whole := tinyFile(t)
	data, err := whole.Encode()
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 11
	}
	for i := 0; i < len(data)-1; i += step {
		changed := append([]byte{}, data...)
		changed[i] ^= 1
		if f, err := Decode(changed); err == nil && !cmp.Equal(f, whole) {
			t.Fatalf("byte %d (%q to %q) is not noticed", i, data[i], changed[i])
		}
		if _, err := Decode(data[:i]); err == nil {
			t.Fatalf("a cut at byte %d is not noticed", i)
		}
	}
}

// A table is never larger than what it can be predicted from in some seconds.
func TestReadRefusesTooManyOps(t *testing.T) {
	times := map[space.Op]float64{}
	for i := range maxEntries {
		times[space.Op{Kind: space.Norm, Rows: 1 + i, N: 1}] = 5
	}
	table := Imported(Conditions{Device: devices.Detect("test").ID(), Threads: 1}, "", times)
	j := table.json()
	if _, err := j.table(); err != nil {
		t.Error(err)
	}
	j.Models = append(j.Models, j.Models[0])
	if _, err := j.table(); err == nil || !strings.Contains(err.Error(), "more than 65536 ops") {
		t.Errorf("one more: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := tinyFile(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, path := range []string{"testdata/version1.json", "testdata/version2.json"} {
		old, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(old)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := Decode(data); err == nil {
			usable(t, file)
		}
	})
}

// FuzzContent is what somebody wrote who knows the checksum.
func FuzzContent(f *testing.F) {
	for _, table := range []*Table{tinyFile(f).Tables[0], Imported(conditionsOf(space.Workload{}), "", map[space.Op]float64{{Kind: space.Norm, Rows: 8, N: 16}: 12})} {
		table.Models, table.Device = table.Models[:1], devices.Detect("test").ID()
		data, err := json.Marshal(contentJSON{Device: devices.Detect("test"), Tables: []tableJSON{table.json()}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var content contentJSON
		if strictjson.Decode(data, &content) != nil {
			return
		}
		file, err := content.file()
		if err != nil {
			return
		}
		usable(t, file)
		data, err = file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("round trip (-in +out):\n%s", diff)
		}
	})
}

// usable holds predictions from any tables to be times.
func usable(t *testing.T, f *File) {
	t.Helper()
	other := space.Op{Kind: space.Linear, Rows: 8, N: 64, K: 64}
	for _, table := range f.Tables {
		p, err := NewPredictor(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Regimes() {
			for _, o := range append(table.Ops(), other) {
				if ns := r.Op(o); !(ns > 0) || !finite(ns) {
					t.Fatalf("%v takes %v ns", o, ns)
				}
			}
		}
		e := p.Program(space.Probe(other))
		if !(0 < e.Low && e.Low <= e.Nanoseconds && e.Nanoseconds <= e.High) || !finite(e.High) {
			t.Fatalf("a model of %v takes %+v", other, e)
		}
		table.Advice()
		table.WithoutQuorum()
	}
}

func FuzzCheckpoint(f *testing.F) {
	_, programs := tinySpace(f)
	c := &Checkpoint{Settings: "x", State: newState(programs)}
	c.Add(tinyFile(f).Tables[0], time.Second)
	path := filepath.Join(f.TempDir(), "c")
	if err := c.Write(path); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) { parseCheckpoint(data) })
}

// measuredState is of three rounds of programs.
func measuredState(programs []*space.Program) *State {
	s := newState(programs)
	s.Rounds = 3
	for range s.Rounds {
		for i := range s.Reference {
			s.Reference[i].Whole.add([]float64{5000, 6000})
			s.Reference[i].Looks.add(100, 101)
		}
		for i := range s.Models {
			m := &s.Models[i]
			m.Whole.add([]float64{7000, 8000})
			m.Looks.add(100, 101)
			for j := range m.Ops {
				m.Ops[j].add([]float64{700, 800})
			}
		}
	}
	return s
}

// A state goes on only with what it was measured of, and with all that its rounds gave.
func TestStateFits(t *testing.T) {
	_, programs := tinySpace(t)
	if !measuredState(programs).Fits(programs) || measuredState(programs).Fits(programs[1:]) {
		t.Fatal("a state fits other programs, or not its own")
	}
	for name, change := range map[string]func(*State){
		"rounds that nothing was measured in": func(s *State) { s.Rounds = 4 },
		"negative rounds":                     func(s *State) { s.Rounds = -1 },
		"negative time":                       func(s *State) { s.Elapsed = -1 },
		"a model less":                        func(s *State) { s.Models = s.Models[1:] },
		"a look less":                         func(s *State) { s.Models[0].Looks.Before = s.Models[0].Looks.Before[1:] },
		"an op less":                          func(s *State) { s.Models[0].Ops = s.Models[0].Ops[1:] },
		"an op's round less":                  func(s *State) { s.Models[0].Ops[0].Fastest = s.Models[0].Ops[0].Fastest[1:] },
		"no reference":                        func(s *State) { s.Reference[0] = modelState{} },
		"a time of zero":                      func(s *State) { s.Models[0].Whole.Fastest[0] = 0 },
		"medians below":                       func(s *State) { s.Models[0].Whole.Medians[0] = 1 },
		"fewer samples than rounds":           func(s *State) { s.Models[0].Whole.Samples = 1 },
	} {
		s := measuredState(programs)
		if change(s); s.Fits(programs) {
			t.Errorf("a state with %s fits", name)
		}
	}
}

// FuzzState is a checkpoint of somebody who knows the checksum: what fits the programs
// can be gone on from.
func FuzzState(f *testing.F) {
	_, programs := tinySpace(f)
	programs = programs[:1]
	state := measuredState(programs)
	data, err := json.Marshal(state)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		var s State
		if strictjson.Decode(data, &s) != nil {
			return
		}
		s.Programs = state.Programs
		if !s.Fits(programs) || s.Rounds < 2 { // less is measured on
			return
		}
		table := s.table(programs, s.pace())
		s.done(table.Pace)
		table.Threads = 1
		j := table.json()
		if _, err := j.table(); err != nil {
			t.Error(err)
		}
	})
}
