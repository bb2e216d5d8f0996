package results

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nas/space"
)

// front is one of made-up scores, latencies in ns and memory in bytes.
func front(figures ...[3]float64) *Report {
	r := &Report{}
	for i, v := range figures {
		arch := space.References(space.Encoder)[0].Arch
		arch.Hidden, arch.Embedding = 64*(i+1), 64*(i+1)
		r.Front = append(r.Front, Candidate{Arch: arch, Score: v[0], LatencyNS: v[1], MemoryBytes: int64(v[2]), LatencyKind: Predicted})
	}
	return r
}

func TestDuel(t *testing.T) {
	a := front([3]float64{10, 10, 100}, [3]float64{5, 5, 50}, [3]float64{1, 1, 100})
	b := front([3]float64{10, 10, 100}, [3]float64{4, 5, 50}, [3]float64{2, 1, 90})
	d, err := NewDuel("a", a, "b", b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"score", "latency", "memory"}, d.Objectives); diff != "" {
		t.Fatal(diff)
	}
	// Ranges 9, 9 and 50; the reference lies a tenth of them behind.
	if want := []float64{0.1, 10.9, 105}; math.Abs(d.Reference[0]-want[0])+math.Abs(d.Reference[1]-want[1])+math.Abs(d.Reference[2]-want[2]) > 1e-9 {
		t.Errorf("reference %v, want %v", d.Reference, want)
	}
	if d.Both != 3 {
		t.Errorf("%d on both", d.Both)
	}
	A, B := d.Sides[0], d.Sides[1]
	if A.Covers != 2./3 || B.Covers != 2./3 {
		t.Errorf("covers %v and %v, want 2/3 each", A.Covers, B.Covers)
	}
	if diff := cmp.Diff([]Beaten{{Member: 2, By: 2, Gains: []float64{1, 0, .1}}}, A.Beaten); diff != "" {
		t.Errorf("A's beaten:\n%s", diff)
	}
	if diff := cmp.Diff([]Beaten{{Member: 1, By: 1, Gains: []float64{.25, 0, 0}}}, B.Beaten); diff != "" {
		t.Errorf("B's beaten:\n%s", diff)
	}
	// Inclusion and exclusion by hand, in units of score × ns × bytes.
	box := 9.9 * 9.9 * 55
	for i, points := range [2][][3]float64{{{9.9, .9, 5}, {4.9, 5.9, 55}, {.9, 9.9, 5}}, {{9.9, .9, 5}, {3.9, 5.9, 55}, {1.9, 9.9, 15}}} {
		want := 0.
		for set := 1; set < 8; set++ {
			common, n := [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}, 0
			for k, p := range points {
				if set>>k&1 == 1 {
					n++
					for j := range p {
						common[j] = min(common[j], p[j])
					}
				}
			}
			want += common[0] * common[1] * common[2] * float64(2*(n%2)-1)
		}
		if got := d.Sides[i].Hypervolume; math.Abs(got-want/box) > 1e-12 {
			t.Errorf("side %d: hypervolume %v, want %v", i, got, want/box)
		}
	}
}

// A front against itself, and against one that is better everywhere.
func TestDuelExtremes(t *testing.T) {
	a := sample(t, "encoder-compact", 40)
	d, err := NewDuel("a", a, "b", a)
	if err != nil {
		t.Fatal(err)
	}
	if A, B := d.Sides[0], d.Sides[1]; A.Covers != 1 || B.Covers != 1 || d.Both != 40 || A.Hypervolume != B.Hypervolume || len(A.Beaten) != len(B.Beaten) {
		t.Errorf("against itself: %+v", d.Sides)
	}
	better := front([3]float64{10, 1, 1})
	d, err = NewDuel("worse", front([3]float64{5, 2, 2}, [3]float64{4, 1.5, 3}), "better", better)
	if err != nil {
		t.Fatal(err)
	}
	if A, B := d.Sides[0], d.Sides[1]; A.Covers != 0 || B.Covers != 1 || len(A.Beaten) != 2 || A.Clearly != 2 || len(B.Beaten) != 0 || A.Hypervolume >= B.Hypervolume {
		t.Errorf("against a better one: %+v", d.Sides)
	}
	if _, err := NewDuel("a", a, "b", &Report{}); err == nil {
		t.Error("an empty front is compared")
	}
}

func TestDuelGolden(t *testing.T) {
	a, b := sample(t, "encoder-compact", 12), sample(t, "encoder-compact", 30)
	for i := range b.Front {
		if i%3 == 0 {
			b.Front[i].LatencyNS *= 1.2
		}
	}
	b.Conditions.Seed = 2
	d, err := NewDuel("mine.json", a, "theirs|json", b)
	if err != nil {
		t.Fatal(err)
	}
	d.Warnings = []string{"different limits: none and memory ≤ 8 MiB"}
	for _, format := range []string{"table", "md", "json"} {
		var out bytes.Buffer
		if err := WriteDuel(&out, format, d); err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "duel."+format, out.Bytes())
	}
	if err := WriteDuel(&bytes.Buffer{}, "csv", d); err == nil {
		t.Error("csv is written")
	}
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Report)
		want   string
		only   bool // worth knowing, no more
	}{
		"nothing":   {func(r *Report) { r.Conditions.Seed = 9 }, "", true},
		"device":    {func(r *Report) { r.Conditions.Device = "Board_2" }, "device: Board_1 and Board_2", false},
		"workload":  {func(r *Report) { r.Conditions.Workload.Tokens = 64 }, "workload: encode 128 tokens, batch 1 and encode 64 tokens, batch 1", false},
		"evaluator": {func(r *Report) { r.Conditions.Evaluator = "loss" }, "score: capacity (parameters outside the embedding) and loss (parameters outside the embedding)", false},
		"level":     {func(r *Report) { r.Conditions.Level = "generic" }, "kernel level: avx2 and generic", false},
		"threads":   {func(r *Report) { r.Conditions.Threads = 4 }, "threads: 1 and 4", false},
		"kernels":   {func(r *Report) { r.Conditions.KernelVersion = 7 }, "kernel version: 1 and 7", false},
		"kind":      {func(r *Report) { r.Front[0].LatencyKind = Modelled }, "latency:  predicted and  predicted modelled", false},
		"several":   {func(r *Report) { several(r) }, "number of latencies: 1 and 2", false},
		"space":     {func(r *Report) { r.Conditions.Space = "mine" }, "space: encoder-compact and mine", true},
		"date":      {func(r *Report) { r.Conditions.TableDate = "2027" }, "latency table: 2026-01-02T03:04:05Z and 2027", true},
		"limits":    {func(r *Report) { r.Conditions.Limits = Limits{} }, "limits: memory ≤ 8 MiB, flash ≤ 5.722 MiB, params ≤ 12.00M, latency ≤ 20 ms and none", true},
		"csv":       {func(r *Report) { r.Conditions = Conditions{} }, "conditions: a front from CSV", true},
	} {
		a, b := sample(t, "encoder-compact", 3), sample(t, "encoder-compact", 3)
		c.change(b)
		incomparable, notable := Differences(a, b)
		list := incomparable
		if c.only {
			list = notable
			if len(incomparable) > 0 {
				t.Errorf("%s: incomparable: %q", name, incomparable)
			}
		}
		if got := strings.Join(list, "\n"); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
