package search

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nas/space"
)

const tiny = `
name: tiny
family: encoder
vocabulary: 100
embedding: [8, 16]
hidden: [16, 32]
layers: [1, 2, 3]
heads: {per_layer: [1, 2]}
head_width: 8
ffn: {per_layer: [16, 32]}
workload: {sequence: 8}
`

// counting is a problem that remembers what it was asked.
type counting struct {
	*Additive
	mu    sync.Mutex
	asked map[string]int
}

func (c *counting) Evaluate(g space.Genes, values []float64) float64 {
	c.mu.Lock()
	c.asked[string(g)]++
	c.mu.Unlock()
	return c.Additive.Evaluate(g, values)
}

func mustRun(t testing.TB, p Problem, s Settings) *Result {
	t.Helper()
	r, err := Run(context.Background(), p, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSmallSpaceIsExact(t *testing.T) {
	s := parse(t, tiny)
	p := &counting{Additive: additive(t, s, half(t, s)), asked: map[string]int{}}
	r := mustRun(t, p, Settings{Evaluations: 5000, Seed: 1})
	if r.Stop != SpaceExhausted || int64(r.Evaluations) != s.Size().Int64() {
		t.Errorf("stop %q after %d of %v", r.Stop, r.Evaluations, s.Size())
	}
	var feasible []Member
	for g := range s.All() {
		values := make([]float64, 3)
		if p.Additive.Evaluate(g, values) == 0 {
			feasible = append(feasible, Member{slices.Clone(g), values})
		}
	}
	if len(feasible) == 0 || int64(len(feasible)) == s.Size().Int64() {
		t.Fatalf("%d of %v are feasible: a limit that limits nothing", len(feasible), s.Size())
	}
	want := map[string]bool{}
	for _, m := range feasible {
		if !slices.ContainsFunc(feasible, func(q Member) bool { return Dominates(q.Values, m.Values, p.Objectives()) }) {
			want[string(fmtValues(m.Values))] = true
		}
	}
	got := map[string]bool{}
	for _, m := range r.Front {
		got[string(fmtValues(m.Values))] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("front (-want +got):\n%s", diff)
	}
}

func fmtValues(v []float64) []byte {
	var b []byte
	for _, x := range v {
		bits := math.Float64bits(x)
		for range 8 {
			b = append(b, byte(bits))
			bits >>= 8
		}
	}
	return b
}

// The same front for any number of workers; never an architecture twice; all of the
// front within the limits and none dominated.
func TestRunIsDeterministic(t *testing.T) {
	for _, name := range space.Names() {
		s := load(t, name)
		var first *Result
		for _, workers := range []int{1, 2, 5, 1} {
			p := &counting{Additive: additive(t, s, Limits{Memory: 8 << 20}), asked: map[string]int{}}
			r := mustRun(t, p, Settings{Evaluations: 6000, Seed: 7, Workers: workers})
			if r.Evaluations != 6000 || r.Stop != BudgetSpent || len(p.asked) != 6000 {
				t.Errorf("%d workers: %d evaluations, %q, %d different", workers, r.Evaluations, r.Stop, len(p.asked))
			}
			if first == nil {
				first = r
			}
			if diff := cmp.Diff(first, r); diff != "" {
				t.Fatalf("%d workers give another result:\n%.2000s", workers, diff)
			}
		}
		problem, values := additive(t, s, Limits{Memory: 8 << 20}), make([]float64, 3)
		for i, m := range first.Front {
			if v := problem.Evaluate(m.Genes, values); v != 0 || !slices.Equal(values, m.Values) {
				t.Errorf("member %d: violation %v, values %v, want %v", i, v, m.Values, values)
			}
			for _, q := range first.Front {
				if Dominates(q.Values, m.Values, problem.Objectives()) {
					t.Fatalf("member %d is dominated", i)
				}
			}
		}
		if other := mustRun(t, additive(t, s, Limits{Memory: 8 << 20}), Settings{Evaluations: 6000, Seed: 8}); cmp.Equal(first, other) {
			t.Error("another seed gives the same result")
		}
	}
}

// Whatever the search, its front holds nothing that is dominated, over the limits or
// there twice; two that tie in one objective are both there; the others are beaten,
// over the limits or as good as a member.
func TestFrontProperties(t *testing.T) {
	spaces := []*space.Space{load(t, "encoder-compact"), load(t, "decoder-compact")}
	ties := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(spaces).Draw(t, "space")
		objectives := rapid.SampledFrom([][]string{nil, {Score, Latency}, {Latency, Params}, {Score, Memory, Flash, Latency}}).Draw(t, "objectives")
		c := costs(s.Workload)
		layer := c.Layer
		coarse := rapid.SampledFrom([]float64{1, 100000}).Draw(t, "grain of scores")
		c.Layer = func(m space.Model, hidden int, l space.Layer) float64 {
			return math.Round(layer(m, hidden, l)/coarse) * coarse
		}
		p, err := NewAdditive(s, s.Workload, 1, c, Limits{Memory: int64(rapid.IntRange(4, 40).Draw(t, "MiB")) << 20}, objectives...)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(context.Background(), p, Settings{Algorithm: rapid.SampledFrom(Algorithms).Draw(t, "algorithm"), Evaluations: rapid.IntRange(1, 3000).Draw(t, "evaluations"), Seed: rapid.Uint64().Draw(t, "seed")})
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float64, len(p.Objectives()))
		for i, m := range r.Front {
			if v := p.Evaluate(m.Genes, values); v != 0 || !slices.Equal(values, m.Values) {
				t.Fatalf("%v: violation %v, values %v, want %v", m.Genes, v, values, m.Values)
			}
			for _, q := range r.Front[:i] {
				if Dominates(q.Values, m.Values, p.Objectives()) || Dominates(m.Values, q.Values, p.Objectives()) || slices.Equal(q.Values, m.Values) {
					t.Fatalf("%v and %v are both members", q.Values, m.Values)
				}
				if q.Values[0] == m.Values[0] {
					ties++
				}
			}
		}
		for _, g := range r.Others {
			if v := p.Evaluate(g, values); v == 0 && !slices.ContainsFunc(r.Front, func(m Member) bool {
				return slices.Equal(m.Values, values) || Dominates(m.Values, values, p.Objectives())
			}) {
				t.Fatalf("%v is no member, and nothing beats %v", g, values)
			}
		}
	})
	if ties == 0 {
		t.Error("no two members ever tied in an objective")
	}
}

// An infeasible problem ends with what comes nearest.
func TestRunWithoutFeasible(t *testing.T) {
	s := load(t, "encoder-compact")
	r := mustRun(t, additive(t, s, Limits{Memory: 100 << 10}), Settings{Evaluations: 3000, Seed: 1})
	if len(r.Front) != 0 || r.Violation <= 0 || len(r.Nearest.Genes) == 0 {
		t.Errorf("%d members, violation %v", len(r.Front), r.Violation)
	}
	if l := r.Nearest.Genes.Layers(); l != 2 {
		t.Errorf("the nearest has %d layers", l)
	}
}

// It finds the narrow feasible corner that samples miss.
func TestRunReachesACorner(t *testing.T) {
	s := load(t, "encoder-compact")
	a := additive(t, s, Limits{})
	smallest := a.Totals(space.Genes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).Total()
	r := mustRun(t, additive(t, s, Limits{Memory: int64(smallest)}), Settings{Evaluations: 5000, Seed: 1})
	if len(r.Front) == 0 {
		t.Errorf("nothing within %d bytes; violation %v", smallest, r.Violation)
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Run(ctx, additive(t, load(t, "encoder-compact"), Limits{}), Settings{Seed: 1, Progress: func(p Progress) {
		if p.Evaluations > 2000 {
			cancel()
		}
	}})
	if err != nil || r.Stop != Cancelled || r.Evaluations < 2000 || r.Evaluations > 4000 || len(r.Front) == 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

// NaN is no result.
type broken struct{ *Additive }

func (broken) Evaluate(_ space.Genes, values []float64) float64 {
	values[0] = math.NaN()
	return 0
}

func TestRunRefusesNaN(t *testing.T) {
	r := mustRun(t, broken{additive(t, load(t, "encoder-compact"), Limits{})}, Settings{Evaluations: 500, Seed: 1})
	if len(r.Front) != 0 {
		t.Errorf("%d members of NaN", len(r.Front))
	}
}

func BenchmarkRun(b *testing.B) {
	for _, objectives := range [][]string{{Score, Latency}, {Score, Latency, Memory}} {
		b.Run(objectives[len(objectives)-1], func(b *testing.B) {
			a := additive(b, load(b, "encoder-compact"), Limits{Memory: 8 << 20}, objectives...)
			for b.Loop() {
				r := mustRun(b, a, Settings{Seed: 1})
				b.ReportMetric(float64(len(r.Front)), "members")
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/200000, "µs/evaluation")
		})
	}
}

func benchmarkEvaluate(b *testing.B, p Problem) {
	r := rand.New(rand.NewPCG(1, 1))
	samples := make([]space.Genes, 1024)
	for i := range samples {
		samples[i] = p.Space().Sample(r)
	}
	values := make([]float64, len(p.Objectives()))
	for i := 0; b.Loop(); i++ {
		p.Evaluate(samples[i%len(samples)], values)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

func BenchmarkEvaluateSpace(b *testing.B) {
	benchmarkEvaluate(b, additive(b, load(b, "encoder-compact"), Limits{Memory: 8 << 20}))
}
