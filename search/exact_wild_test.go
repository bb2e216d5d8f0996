package search

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nas/space"
)

const mixed = `
name: mixed
family: decoder
vocabulary: 50
embedding: [8, 24]
hidden: [32, 64]
layers: [1, 2, 3]
heads: {per_layer: [2, 4]}
kv_heads: {per_layer: [1, 2]}
head_width: 8
ffn: {per_layer: [16, 64, 200]}
workload: {prompt: 9, context: 21, phase: %s}
`

// Whatever the tables say, with many ties and regimes in any order, the exact front is
// what enumeration finds.
func TestExactOfWildTables(t *testing.T) {
	var spaces []*space.Space
	for _, phase := range []string{"prefill", "decode"} {
		spaces = append(spaces, parse(t, fmt.Sprintf(mixed, phase)))
	}
	spaces = append(spaces, parse(t, tiny))
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(spaces).Draw(t, "space")
		coarse := rapid.SampledFrom([]float64{2, 20, 1000}).Draw(t, "different values")
		seed := rapid.Uint64().Draw(t, "seed")
		growing := rapid.Bool().Draw(t, "growing")
		table := func(regime int, key any) float64 { // of few values
			h := hash(space.Genes(fmt.Sprint(seed, key)))
			if !growing {
				h ^= hash(space.Genes(fmt.Sprint(regime, key)))
			}
			return 1 + float64(h%uint64(coarse)) + float64(regime)
		}
		c := Costs{
			Base:  func(a space.Arch) float64 { return table(0, a.Embedding) },
			Layer: func(_ space.Model, hidden int, l space.Layer) float64 { return table(0, fmt.Sprint(hidden, l)) },
		}
		timing := Timing{Name: Latency, Workload: s.Workload}
		below := int64(0)
		for regime := range rapid.IntRange(1, 4).Draw(t, "regimes") {
			below += rapid.Int64Range(1000, 40000).Draw(t, "below")
			timing.Regimes = append(timing.Regimes, Regime{Below: below, Overhead: float64(regime), Op: func(o space.Op) float64 { return table(regime, o) }})
		}
		timing.Regimes[len(timing.Regimes)-1].Below = 0
		c.Timings = []Timing{timing}
		threads := rapid.IntRange(1, 3).Draw(t, "threads")
		open, err := NewAdditive(s, s.Workload, threads, c, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		typical := open.Totals(slices.Collect(few(s, 3))[2])
		limit := func(name string, v float64) int64 {
			return int64(v * rapid.SampledFrom([]float64{0, 0.7, 1, 1.3}).Draw(t, name))
		}
		l := Limits{Memory: limit("memory", float64(typical.Total())), Flash: limit("flash", float64(typical.Flash)), Latency: []float64{float64(limit("latency", typical.Latency[0]))}}
		objectives := rapid.SampledFrom([][]string{nil, {Latency, Score}, {Memory, Latency}, {Score}, {Latency, Memory, Flash, Score}}).Draw(t, "objectives")
		p, err := NewAdditive(s, s.Workload, threads, c, l, objectives...)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Run(context.Background(), p, Settings{Evaluations: int(s.Size().Int64())})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Exact(context.Background(), p, ExactSettings{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pointsOf(want), pointsOf(got)); diff != "" {
			t.Fatalf("(-enumerated +exact):\n%.1500s", diff)
		}
	})
}

// few are the n-th parts of s's architectures.
func few(s *space.Space, n int) func(func(space.Genes) bool) {
	return func(yield func(space.Genes) bool) {
		every, at := int(s.Size().Int64())/n, 0
		for g := range s.All() {
			if at++; at%every == 0 && !yield(slices.Clone(g)) {
				return
			}
		}
	}
}
