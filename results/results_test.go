package results

import (
	"bytes"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nas/internal/oneline"
	"nas/search"
	"nas/space"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var objectives = []search.Objective{{Name: search.Score, Maximise: true}, {Name: search.Latency}, {Name: search.Memory}}

// sample is a report of made-up figures about real architectures.
func sample(t testing.TB, spaceName string, members int) *Report {
	s, err := space.Load(spaceName)
	if err != nil {
		t.Fatal(err)
	}
	made := func(a space.Arch) Candidate {
		p := space.CountParams(a)
		c := Candidate{Arch: a, Params: p.Total, ParamsNonEmbedding: p.NonEmbedding(), LatencyKind: Predicted,
			Score: float64(p.NonEmbedding()), ScoreResolution: float64(p.NonEmbedding()) / 3}
		c.SetMemory(space.PlanMemory(a, s.Workload, 1))
		c.LatencyNS = math.Sqrt(float64(p.NonEmbedding())) * 1234.5678901
		c.LatencyLow, c.LatencyHigh = c.LatencyNS*0.99, c.LatencyNS*1.25
		return c
	}
	r := &Report{Front: []Candidate{}, Warnings: []string{"2 of the table's 300 ops are doubtful | <really>"}, Conditions: Conditions{
		Tool: "nas 0.1.0", Space: s.Name, Workload: s.Workload, Device: "Board_1", Level: "avx2", Threads: 1, KernelVersion: 1, TableDate: "2026-01-02T03:04:05Z",
		Ops: 300, OpsWithoutQuorum: 2, Evaluator: "capacity", ScoreUnit: "parameters outside the embedding", Objectives: []string{"score", "latency", "memory"},
		Limits: Limits{MemoryBytes: 8 << 20, FlashBytes: 6e6, Params: 12e6, LatencyNS: 2e7}, Seed: 18446744073709551615, Evaluations: 1000, Stop: "budget spent", Algorithm: "evolution",
		Feasibility: &Feasibility{Share: .185, Samples: 10000, Quantities: []Reach{{"memory", 8 << 20, 2 << 20, 14 << 20, 60 << 20}, {"latency", 2e7, 1e6, 3e7, 2e8}}},
		Exact:       &Exact{Hypervolume: .99968, Points: 530, Of: 637}}}
	r.History = []search.HistoryPoint{{Evaluations: 500, Hypervolume: .5}, {Evaluations: 1000, Hypervolume: .75}}
	random := rand.New(rand.NewPCG(1, 1))
	for range members {
		r.Front = append(r.Front, made(s.Arch(s.Sample(random))))
	}
	for _, reference := range space.References(s.Model.Family) {
		c := made(reference.Arch)
		c.Name, c.Source = reference.Name, reference.Source
		r.References = append(r.References, c)
	}
	for range min(members, 60) {
		r.Others = append(r.Others, made(s.Arch(s.Sample(random))))
	}
	r.Mark(objectives)
	return r
}

// The forms for people are what the golden files show.
func TestGoldens(t *testing.T) {
	for _, c := range []struct {
		space   string
		members int
	}{{"encoder-compact", 5}, {"decoder-compact", 30}, {"encoder-compact", 0}} {
		r := sample(t, c.space, c.members)
		for _, format := range Formats[:2] {
			var b bytes.Buffer
			if err := Write(&b, format, r, Options{}); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, strings.Join([]string{c.space, map[int]string{0: "empty", 5: "few", 30: "many"}[c.members]}, "-")+"."+format, b.Bytes())
		}
	}
}

func TestComparisonsGolden(t *testing.T) {
	r := sample(t, "decoder-compact", 2)
	c := &Comparisons{Conditions: r.Conditions, Warnings: []string{"busy"}}
	for i, m := range r.Front {
		c.Members = append(c.Members, Comparison{Candidate: m, Floor: m.LatencyNS * 1.04, Median: m.LatencyNS * 1.1, Low: m.LatencyNS * 1.05, High: m.LatencyNS * 1.2,
			Rounds: 9, Confirmed: 3 + i, Difference: .04, AllocatedBytes: m.MemoryBytes, AllocatedEquals: true})
	}
	for _, format := range []string{"table", "md", "json"} {
		var b bytes.Buffer
		if err := WriteComparisons(&b, format, c); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "comparisons."+format, b.Bytes())
	}
	if err := WriteComparisons(&bytes.Buffer{}, "csv", c); err == nil {
		t.Error("csv is written")
	}
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// What is written for machines is read back without loss.
func TestRoundTrip(t *testing.T) {
	for round, members := range []int{0, 1, 40, 40} {
		for _, name := range space.Names() {
			r := sample(t, name, members)
			if round == 3 {
				several(r)
			}
			var asJSON, asCSV bytes.Buffer
			if err := WriteJSON(&asJSON, r); err != nil {
				t.Fatal(err)
			}
			got, err := ReadJSON(asJSON.Bytes())
			if err != nil {
				t.Fatalf("%s, %d members: %v", name, members, err)
			}
			if diff := cmp.Diff(r, got); diff != "" {
				t.Errorf("JSON (-written +read):\n%s", diff)
			}
			if err := WriteCSV(&asCSV, r); err != nil {
				t.Fatal(err)
			}
			got, err = ReadCSV(asCSV.Bytes())
			if err != nil {
				t.Fatalf("%s, %d members: %v", name, members, err)
			}
			if diff := cmp.Diff(r, got, cmpopts.IgnoreFields(Report{}, "Conditions", "Warnings", "History", "Others")); diff != "" {
				t.Errorf("CSV (-written +read):\n%s", diff)
			}
		}
	}
}

// several gives every candidate of r another latency.
func several(r *Report) *Report {
	for _, list := range [][]Candidate{r.Front, r.References, r.Others} {
		for i := range list {
			c := &list[i]
			c.SetLatencies([]Latency{{"phone", c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.LatencyKind}, {"board-2", c.LatencyNS * 3.3, c.LatencyNS, c.LatencyNS * 5, Modelled}})
		}
	}
	c := &r.Conditions
	c.Objectives = []string{"score", "phone", "board-2"}
	c.Limits.Latencies = []LatencyLimit{{"phone", 2e7}, {"board-2", 0}}
	source := Source{"phone", c.Workload, c.Device, c.Level, c.Threads, c.KernelVersion, c.TableDate, c.Ops, c.OpsWithoutQuorum}
	c.Latencies = []Source{source, source}
	c.Latencies[1].Name, c.Latencies[1].Device = "board-2", "Board_2"
	return r
}

func TestSeveralLatencies(t *testing.T) {
	r := several(sample(t, "encoder-compact", 5))
	for _, format := range Formats[:2] {
		var b bytes.Buffer
		if err := Write(&b, format, r, Options{}); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "encoder-compact-latencies."+format, b.Bytes())
	}
	for name, spoil := range map[string]func(*Report){
		"one":       func(r *Report) { r.Front[0].Latencies = r.Front[0].Latencies[:1] },
		"first":     func(r *Report) { r.Front[0].LatencyNS *= 1.001 },
		"missing":   func(r *Report) { r.Front[1].Latencies = nil },
		"names":     func(r *Report) { r.References[1].Latencies[1].Name = "board-3" },
		"no name":   func(r *Report) { r.Front[0].Latencies[1].Name = "" },
		"bad name":  func(r *Report) { r.Front[0].Latencies[1].Name = "a\nb" },
		"duplicate": func(r *Report) { r.Front[0].Latencies[1].Name = "phone" },
		"kind":      func(r *Report) { r.Front[0].Latencies[1].Kind = "guessed" },
		"interval":  func(r *Report) { r.Front[0].Latencies[1].High = 0 },
	} {
		r := several(sample(t, "encoder-compact", 5))
		spoil(r)
		if err := r.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A member that ran and broke its limit is marked in its row, whatever the format.
func TestOverLimitIsMarked(t *testing.T) {
	r := sample(t, "encoder-compact", 3)
	for i := range r.Front {
		r.Front[i].LatencyKind = Measured
	}
	c := &r.Front[1]
	c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.LatencyKind = 23.4e6, 23e6, 24e6, OverLimit
	for format, mark := range map[string]string{"table": "!23.4", "md": "!23.4", "latex": "!23.4", "csv": ",over-limit,", "json": `"latency_kind":"over-limit"`} {
		var b bytes.Buffer
		if err := Write(&b, format, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), mark); n != 1 {
			t.Errorf("%s: %q stands there %d times:\n%s", format, mark, n, b.String())
		}
		if format == "json" {
			back, err := ReadJSON(b.Bytes())
			if err != nil || back.Front[1].LatencyKind != OverLimit {
				t.Errorf("read back: %v", err)
			}
		}
	}
}

func TestListsAreNeverNull(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, &Report{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "null") {
		t.Errorf("null in %s", b.String())
	}
}

func TestReadRefuses(t *testing.T) {
	var asJSON, asCSV bytes.Buffer
	r := sample(t, "encoder-compact", 2)
	WriteJSON(&asJSON, r)
	WriteCSV(&asCSV, r)
	for name, c := range map[string]struct{ old, new string }{
		"truncated":         {"\n ],\n \"references\"", ""},
		"unknown key":       {`"params":`, `"parameters":`},
		"duplicate key":     {`"tie":`, `"score":1,"tie":`},
		"kind":              {`"predicted"`, `"guessed"`},
		"negative latency":  {`"latency_ns":`, `"latency_ns":-`},
		"sum of memory":     {`"arena_bytes":`, `"arena_bytes":1`},
		"negative size":     {`"arena_bytes":`, `"arena_bytes":-`},
		"infinite score":    {`"score":`, `"score":1e999`},
		"resolution":        {`"score_resolution":`, `"score_resolution":-`},
		"no such family":    {`"family":"encoder"`, `"family":"recurrent"`},
		"impossible layers": {`"layers":[`, `"layers":[],"x":[`},
		"no front":          {`"front"`, `"back"`},
	} {
		text := strings.Replace(asJSON.String(), c.old, c.new, 1)
		if text == asJSON.String() {
			t.Fatalf("%s: nothing to replace", name)
		}
		if _, err := ReadJSON([]byte(text)); err == nil {
			t.Errorf("JSON, %s: accepted", name)
		}
	}
	for name, c := range map[string]struct{ old, new string }{
		"header":    {"latency_ns", "latency_ms"},
		"group":     {"\nfront", "\nfrond"},
		"fields":    {"\nfront", "\nfront,"},
		"a number":  {",predicted", "x,predicted"},
		"NaN":       {",predicted", ",predicted"},
		"bad arch":  {`""family"":`, `""famely"":`},
		"empty":     {asCSV.String(), ""},
		"kind":      {"predicted", "guessed"},
		"bool":      {",false,", ",no,"},
		"bad quote": {`"{`, `{`},
	} {
		text := strings.Replace(asCSV.String(), c.old, c.new, 1)
		if name == "NaN" {
			fields := strings.SplitN(text, "\n", 3)
			row := strings.Split(fields[1], ",")
			row[9] = "NaN"
			text = strings.Join([]string{fields[0], strings.Join(row, ","), fields[2]}, "\n")
		}
		if text == asCSV.String() {
			t.Fatalf("%s: nothing to replace", name)
		}
		if _, err := ReadCSV([]byte(text)); err == nil {
			t.Errorf("CSV, %s: accepted", name)
		}
	}
}

func TestMark(t *testing.T) {
	arch := space.References(space.Encoder)[0].Arch
	candidate := func(score, latency float64, memory int64) Candidate {
		return Candidate{Arch: arch, Score: score, ScoreResolution: score / 2, LatencyNS: latency, MemoryBytes: memory}
	}
	r := &Report{
		Front:      []Candidate{candidate(10, 1, 1), candidate(100, 9, 9), candidate(60, 5, 5), candidate(4, .5, 0)},
		References: []Candidate{candidate(60, 5, 6), candidate(60, 5, 5), candidate(200, 10, 10)},
	}
	r.Mark(objectives)
	var scores []float64
	var ties []bool
	for _, c := range r.Front {
		scores, ties = append(scores, c.Score), append(ties, c.Tie)
	}
	if diff := cmp.Diff([]float64{100, 60, 10, 4}, scores); diff != "" {
		t.Errorf("order:\n%s", diff)
	}
	if diff := cmp.Diff([]bool{true, true, false, false}, ties); diff != "" {
		t.Errorf("ties:\n%s", diff)
	}
	for i, want := range []bool{false, true, false} { // by memory: equal, beaten, better
		if r.References[i].Dominated != want {
			t.Errorf("reference %d: dominated %t", i, !want)
		}
	}
}

func TestSpread(t *testing.T) {
	list := make([]Candidate, 100)
	for i := range list {
		list[i].Score, list[i].MemoryBytes = float64(i), int64(i*i)
	}
	for _, objectives := range [][]string{nil, {search.Score, search.Memory}} {
		for _, n := range []int{1, 2, 24, 100, 200} {
			got := Spread(list, n, objectives)
			if len(got) != min(n, 100) || n > 1 && (got[0].Score != 0 || got[len(got)-1].Score != 99) {
				t.Errorf("%d: %d members, %v … %v", n, len(got), got[0].Score, got[len(got)-1].Score)
			}
			for i := 1; i < len(got); i++ {
				if got[i].Score <= got[i-1].Score {
					t.Errorf("%d: %v after %v", n, got[i].Score, got[i-1].Score)
				}
			}
		}
	}
}

func TestQuantitiesForPeople(t *testing.T) {
	for want, got := range map[string]string{
		"8 MiB": Bytes(8 << 20), "1 B": Bytes(1), "1023 B": Bytes(1023), "7.969 MiB": Bytes(8356416), "1.5 GiB": Bytes(3 << 29), "0 B": Bytes(0),
		"1.25 ms": Duration(1.25e6), "20 ms": Duration(2e7), "999 ns": Duration(999), "1.5 s": Duration(1.5e9),
		"12": Count(12), "3.200M": Count(3.2e6), "149.8k": Count(149800), "7.873e+23": Count(7.87270713942030806776320e23), "0.5": Count(0.5), "0": Count(0),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A front from outside cannot command a terminal, whatever it is written as.
func TestHostileTexts(t *testing.T) {
	r := sample(t, "encoder-compact", 2)
	const hostile = "\x1b[2J\u009b31m\u202egnp\r!\nx"
	r.References[0].Name, r.Front[0].Source = hostile, hostile
	r.Conditions.Device, r.Conditions.Stop, r.Conditions.Space = hostile, hostile, hostile
	r.Conditions.Objectives = append(r.Conditions.Objectives, hostile)
	r.Warnings = append(r.Warnings, hostile)
	for _, format := range []struct {
		name string
		read func([]byte) (*Report, error)
	}{{"json", ReadJSON}, {"csv", ReadCSV}} {
		var file bytes.Buffer
		if err := Write(&file, format.name, r, Options{}); err != nil {
			t.Fatal(err)
		}
		got, err := format.read(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{"table", "md", "csv", "json", "latex", "svg"} {
			var b bytes.Buffer
			if err := Write(&b, out, got, Options{}); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				if line = strings.ReplaceAll(line, "\t", ""); !oneline.Printable(line) {
					t.Errorf("read as %s, written as %s: %.100q", format.name, out, line)
				}
			}
			if out == "json" && !strings.Contains(b.String(), `\\x1b[2J\\u009b31m\\u202egnp\\r!\\nx`) {
				t.Errorf("%s: the text is not there, escaped", format.name)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	r := sample(f, "encoder-compact", 2)
	var asJSON, asCSV bytes.Buffer
	WriteJSON(&asJSON, r)
	WriteCSV(&asCSV, r)
	f.Add(asJSON.Bytes())
	f.Add(asCSV.Bytes())
	asJSON.Reset()
	asCSV.Reset()
	several(r)
	WriteJSON(&asJSON, r)
	WriteCSV(&asCSV, r)
	f.Add(asJSON.Bytes())
	f.Add(asCSV.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []struct {
			name string
			read func([]byte) (*Report, error)
		}{{"json", ReadJSON}, {"csv", ReadCSV}} {
			r, err := format.read(data)
			if err != nil {
				continue
			}
			var b bytes.Buffer
			if err := Write(&b, format.name, r, Options{}); err != nil {
				t.Fatalf("read, but not written: %v", err)
			}
			again, err := format.read(b.Bytes())
			if err != nil {
				t.Fatalf("written, but not read: %v", err)
			}
			if diff := cmp.Diff(r, again, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("lost (-read +again):\n%s", diff)
			}
			b.Reset()
			if err := Write(&b, "table", r, Options{}); err != nil {
				t.Fatal(err)
			}
			if text := strings.ReplaceAll(b.String(), "\n", ""); !oneline.Printable(text) {
				t.Fatalf("a text commands the terminal: %q", text)
			}
		}
	})
}
