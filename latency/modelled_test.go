package latency

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"nas/devices"
	"nas/internal/statistics"
	"nas/space"
)

// measuredBoard is the machine on which efficiency.json was measured, as a board: what
// its core can do at most at a kernel level.
func measuredBoard(t *Table) devices.Board {
	b, _ := devices.FindBoard("intel-sapphire-rapids")
	b.ClockHz = t.Context.Hz
	switch t.Level {
	case "generic":
		b.MACsPerCycle, b.Lanes = 1, 1
	case "avx2":
		b.MACsPerCycle, b.Lanes = 32, 16
	case "avxvnni":
		b.MACsPerCycle, b.Lanes = 64, 16
	case "avx512vnni":
		b.MACsPerCycle = 128
	}
	return b
}

// measureEfficiency is what the ops of tables of one level reach of the roofline of the
// board that they were measured on.
func measureEfficiency(tables []*Table, b devices.Board) Efficiency {
	shares := map[string][]float64{}
	for _, t := range tables {
		for _, m := range t.Models {
			for _, o := range m.Ops {
				shares[efficiencyOf(o.Op)] = append(shares[efficiencyOf(o.Op)], roofline(o.Op, b)/o.Floor)
			}
		}
	}
	first := tables[0]
	e := Efficiency{Level: first.Level, From: first.Device, Kernels: first.KernelVersion, Share: map[string]float64{}}
	for name, list := range shares {
		e.Share[name] = statistics.Median(list)
	}
	return e
}

// With NAS_EFFICIENCY=profile.json the embedded file is made anew from a profile that
// was measured on a Sapphire Rapids core: encoders and decoding at each of the levels.
func TestEfficiencyFile(t *testing.T) {
	if path := os.Getenv("NAS_EFFICIENCY"); path != "" {
		f, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Efficiencies []Efficiency `json:"efficiencies"`
		}
		for _, level := range []string{"amx", "avx512vnni", "avxvnni", "avx2", "generic"} {
			tables := slices.DeleteFunc(slices.Clone(f.Tables), func(t *Table) bool { return t.Level != level })
			e := measureEfficiency(tables, measuredBoard(tables[0]))
			for name, v := range e.Share {
				e.Share[name] = math.Round(1000*v) / 1000
			}
			file.Efficiencies = append(file.Efficiencies, e)
		}
		data, err := json.MarshalIndent(file, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("efficiency.json", append(data, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range efficiencies() {
		for name, v := range e.Share {
			if !(v > 0.001 && v < 2) {
				t.Errorf("%s: %s reaches %v of its roofline", e.Level, name, v)
			}
		}
		if len(e.Share) < 5 {
			t.Errorf("%s: %v", e.Level, e.Share)
		}
	}
}

// Faster boards are faster, all figures are finite, and four threads are faster than
// one.
func TestModelled(t *testing.T) {
	s, err := space.Load("encoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	program := space.Lower(space.References(space.Encoder)[3].Arch, s.Workload)
	ops, _ := program.Ops()
	predict := func(id string, threads int) Estimate {
		b, ok := devices.FindBoard(id)
		if !ok {
			t.Fatal(id)
		}
		return predictor(t, Modelled(b, s.Workload, threads, ops)).Program(program)
	}
	last := 1e12
	for _, id := range []string{"raspberry-pi-3b-plus", "raspberry-pi-4", "raspberry-pi-5", "apple-m1"} {
		e := predict(id, 1)
		if !(e.Nanoseconds > 1e5 && e.Nanoseconds < last) || e.High/e.Low < 3 || e.Unknown > 0 {
			t.Errorf("%s: %+v", id, e)
		}
		if four := predict(id, 4); four.Nanoseconds >= e.Nanoseconds {
			t.Errorf("%s: %v ns on one thread, %v on four", id, e.Nanoseconds, four.Nanoseconds)
		}
		last = e.Nanoseconds
	}
}

// A board that is slower than its model by one factor, and by another in attention, is
// found from a dozen ops.
func TestCalibrate(t *testing.T) {
	s, programs := builtin(t)
	var ops []space.Op
	seen := map[space.Op]bool{}
	for _, p := range programs {
		for _, step := range p.Steps {
			if !seen[step.Op] {
				seen[step.Op] = true
				ops = append(ops, step.Op)
			}
		}
	}
	space.SortOps(ops)
	b, _ := devices.FindBoard("raspberry-pi-5")
	modelled := Modelled(b, s.Workload, 1, ops)
	p := predictor(t, modelled)
	first := p.regime(0)
	truth := func(o space.Op) float64 {
		ns, _ := p.op(o, first)
		if o.Kind == space.Attention {
			return 3 * ns
		}
		return 1.5 * ns
	}
	measured := map[space.Op]float64{}
	for i := 0; i < len(ops); i += 12 {
		measured[ops[i]] = truth(ops[i])
	}
	for _, o := range ops {
		if o.Kind == space.Attention && len(measured) < 40 {
			measured[o] = truth(o)
		}
	}
	table, found, err := Calibrate(modelled, measured)
	if err != nil {
		t.Fatal(err)
	}
	if found.Before < 30 || found.Remaining > 3 || found.Ops != len(measured) {
		t.Errorf("got %+v", found)
	}
	c := predictor(t, table)
	for _, o := range ops {
		if ns, _ := c.op(o, c.regime(0)); math.Abs(ns/truth(o)-1) > 0.05 {
			t.Errorf("%v: %v ns, want %v", o, ns, truth(o))
		}
	}
	for o := range measured {
		if len(measured) >= LeastCalibration {
			delete(measured, o)
		}
	}
	if _, _, err := Calibrate(modelled, measured); err == nil {
		t.Error("nine ops are enough")
	}
}

func TestReadOps(t *testing.T) {
	times, err := ReadOps(strings.NewReader("ns,op\n12.5,norm rows=8 n=16\n3,\"linear rows=8 n=16 k=16 bias\"\n"))
	if err != nil || len(times) != 2 || times[space.Op{Kind: space.Norm, Rows: 8, N: 16}] != 12.5 {
		t.Fatalf("got %v, %v", times, err)
	}
	for text, want := range map[string]string{
		"":                              "1: an empty file",
		"op,ms\n":                       `1: column "ms"`,
		"op\nnorm rows=8 n=16\n":        "1: the columns are",
		"op,ns\n":                       "1: no op",
		"op,ns\nnrm,1\n":                "2: space: op",
		"op,ns\nnorm rows=8 n=16,NaN\n": `2: "NaN"`,
		"op,ns\nnorm rows=8 n=16,-1\n":  `2: "-1"`,
		"op,ns\nnorm rows=8 n=16\n":     "2: wrong number of fields",
		"op,ns\nnorm rows=8 n=16,1\nnorm rows=8 n=16,2\n": "3: op \"norm rows=8 n=16\" for the second time",
		"op,ns\n\"norm rows=8 n=16,1\n":                   "2: ",
		"op,ns\nnorm rows=8 n=16,1e99\n":                  `2: "1e99"`,
		"op,ns,op\nnorm rows=8 n=16,1,norm rows=8 n=16\n": `1: column "op"`,
		"op,ns\nlinear rows=0 n=16 k=16,12\n":             "2: ",
	} {
		if _, err := ReadOps(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzReadOps(f *testing.F) {
	f.Add("op,ns\nnorm rows=8 n=16,1\nlinear rows=8 n=16 k=16 act=gelu bias,20\n")
	f.Add("op,ns\n\"attention batch=1 rows=8 heads=2 kv=2 width=8 context=8\",1e3\nkvstore batch=1 rows=8 heads=2 kv=2 width=8,2\nembed rows=8 n=16 k=100 tables=3,5\n")
	board, _ := devices.FindBoard("raspberry-pi-5")
	s, _ := tinySpace(f)
	w := s.Workload
	ops, err := s.Ops(w)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		times, err := ReadOps(strings.NewReader(text))
		if err != nil {
			return
		}
		for o, ns := range times {
			if !(ns > 0) {
				t.Errorf("%v takes %v", o, ns)
			}
		}
		c := Conditions{Device: "x y", Level: "neon", Threads: 1}
		usable(t, &File{Tables: []*Table{Imported(c, "", times)}})
		for len(times) < LeastCalibration {
			times[space.Op{Kind: space.Norm, Rows: 1 << 20, N: len(times) + 1}] = 1000
		}
		table, _, err := Calibrate(Modelled(board, w, 1, ops), times)
		if err != nil {
			t.Fatal(err)
		}
		usable(t, &File{Tables: []*Table{table}})
	})
}
