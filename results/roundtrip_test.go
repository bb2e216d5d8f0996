package results

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"nas/internal/oneline"
	"nas/search"
	"nas/space"
)

// drawReport is any report that validates.
func drawReport(t *rapid.T) *Report {
	name := rapid.SampledFrom(space.Names()).Draw(t, "space")
	s, err := space.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aé\"',;|\\<>&{}\u2028\u00a0 \n\t✓😀%$#_~-=+0")), 0, 12, -1)
	finite := rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64)
	positive := rapid.OneOf(rapid.Float64Range(math.SmallestNonzeroFloat64, 1e-300), rapid.Float64Range(1e-3, 1e12))
	kind := rapid.SampledFrom([]Kind{Measured, Predicted, Modelled})
	names := rapid.SampledFrom([][]string{{"latency"}, {"phone", "board-2"}, {"a/prefill", "a/decode", "b.x/prefill"}}).Draw(t, "latencies")
	candidate := func() Candidate {
		c := Candidate{Name: text.Draw(t, "name"), Source: text.Draw(t, "source"), Score: finite.Draw(t, "score"),
			ScoreResolution: rapid.Float64Min(0).Filter(func(v float64) bool { return !math.IsInf(v, 0) }).Draw(t, "resolution"),
			Tie:             rapid.Bool().Draw(t, "tie"), Dominated: rapid.Bool().Draw(t, "dominated"),
			Arch: s.Arch(s.Sample(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))))}
		size := rapid.Int64Range(0, math.MaxInt64/4)
		c.WeightsBytes, c.ArenaBytes, c.KVBytes, c.FlashBytes = size.Draw(t, "weights"), size.Draw(t, "arena"), size.Draw(t, "kv"), size.Draw(t, "flash")
		c.MemoryBytes = c.WeightsBytes + c.ArenaBytes + c.KVBytes
		c.Params = rapid.Int64Min(0).Draw(t, "params")
		c.ParamsNonEmbedding = rapid.Int64Range(0, c.Params).Draw(t, "nonembedding")
		var list []Latency
		for _, name := range names {
			ns := positive.Draw(t, "ns")
			list = append(list, Latency{name, ns, ns * rapid.Float64Range(0, 1).Draw(t, "low"), ns + rapid.Float64Range(0, 1e9).Draw(t, "above"), kind.Draw(t, "kind")})
		}
		c.SetLatencies(list)
		return c
	}
	r := &Report{Front: []Candidate{}}
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		r.Front = append(r.Front, candidate())
	}
	for range rapid.IntRange(0, 2).Draw(t, "references") {
		r.References = append(r.References, candidate())
	}
	r.Warnings = rapid.SliceOfN(text, 0, 3).Draw(t, "warnings")
	r.Conditions = Conditions{Tool: text.Draw(t, "tool"), Space: text.Draw(t, "name of the space"), Workload: s.Workload, Device: text.Draw(t, "device"),
		ScoreUnit: text.Draw(t, "unit"), Objectives: []string{search.Score, names[0]}, Seed: rapid.Uint64().Draw(t, "seed"),
		Limits: Limits{MemoryBytes: rapid.Int64().Draw(t, "limit"), LatencyNS: finite.Draw(t, "limit")}}
	return r
}

// Whatever a report holds, JSON gives back all of it and CSV all of its candidates, with
// control characters escaped.
func TestAnyReportIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t)
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		var asJSON, asCSV, again bytes.Buffer
		if err := WriteJSON(&asJSON, r); err != nil {
			t.Fatal(err)
		}
		if err := WriteCSV(&asCSV, r); err != nil {
			t.Fatal(err)
		}
		oneline.EscapeAll(r)
		got, err := ReadJSON(asJSON.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("JSON (-written +read):\n%s", diff)
		}
		if got, err = ReadCSV(asCSV.Bytes()); err != nil {
			t.Fatalf("%v\n%s", err, asCSV.String())
		}
		if diff := cmp.Diff(r, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Report{}, "Conditions", "Warnings")); diff != "" {
			t.Fatalf("CSV (-written +read):\n%s", diff)
		}
		asCSV.Reset()
		if err := WriteCSV(&asCSV, r); err != nil {
			t.Fatal(err)
		}
		if err := WriteCSV(&again, got); err != nil || !bytes.Equal(again.Bytes(), asCSV.Bytes()) {
			t.Fatalf("CSV is written otherwise the second time: %v", err)
		}
	})
}

// Every form takes any report that can be read.
func TestAnyReportIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t)
		for _, format := range Formats {
			if format == "png" {
				continue // the drawing of svg, slower
			}
			if err := Write(&bytes.Buffer{}, format, r, Options{}); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
		}
		if err := WritePage(&bytes.Buffer{}, &Page{Report: r}); err != nil {
			t.Fatalf("page: %v", err)
		}
	})
}
