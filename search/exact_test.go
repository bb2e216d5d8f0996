package search

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nas/space"
)

const shared = `
name: shared
family: decoder
vocabulary: 50
embedding: [8, 24]
hidden: [32, 64]
layers: [1, 3]
heads: {per_layer: [1, 2, 4]}
kv_heads: {uniform: [1]}
head_width: {uniform: [8, 16]}
ffn: {per_layer: [16, 64, 200]}
workload: {prompt: 9, context: 21, phase: decode}
`

// The exact front is what enumeration finds, under any limits and objectives.
func TestExactIsEnumeration(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for _, text := range []string{tiny, shared} {
		s := parse(t, text)
		typical := additive(t, s, Limits{}).Totals(s.Sample(random))
		loose := func(v float64) float64 { return v * (0.6 + random.Float64()) }
		for round := range 40 {
			var l Limits
			if round&1 > 0 {
				l.Memory = int64(loose(float64(typical.Total())))
			}
			if round&2 > 0 {
				l.Latency = []float64{loose(typical.Latency[0])}
			}
			if round&4 > 0 {
				l.Flash = int64(loose(float64(typical.Flash)))
			}
			if round&8 > 0 {
				l.Params = int64(loose(float64(typical.Params)))
			}
			objectives := [][]string{nil, {Latency, Score}, {Memory, Score}, {Score}, {Latency}}[round%5]
			p := additive(t, s, l, objectives...)
			want := mustRun(t, p, Settings{Evaluations: int(s.Size().Int64())})
			got, err := Exact(context.Background(), p, ExactSettings{Workers: 1 + round%3})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(pointsOf(want), pointsOf(got)); diff != "" {
				t.Errorf("%s, %+v, %v (-enumerated +exact):\n%.1500s", s.Name, l, objectives, diff)
			}
			if got.Stop != Proved || want.Stop != SpaceExhausted {
				t.Errorf("stop %q and %q", got.Stop, want.Stop)
			}
		}
	}
}

func TestExactGivesUp(t *testing.T) {
	p := additive(t, load(t, "encoder-compact"), Limits{Memory: 8 << 20})
	if _, err := Exact(context.Background(), p, ExactSettings{Effort: 1000}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want %v", err, ErrTooLarge)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Exact(ctx, p, ExactSettings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, err := Exact(context.Background(), additive(t, parse(t, derived), Limits{}), ExactSettings{}); !errors.Is(err, ErrNotSeparable) {
		t.Errorf("got %v, want %v", err, ErrNotSeparable)
	}
}

// Ranks are what their definition gives.
func TestRanks(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for round := range 60 {
		points := make([][]float64, 1+random.IntN(120))
		for i := range points {
			for range 1 + round%4 {
				points[i] = append(points[i], float64(random.IntN(12)))
			}
		}
		objectives := make([]Objective, 1+round%4)
		want := make([]int, len(points))
		for left, rank := len(points), 0; left > 0; rank++ {
			var front []int
			for i := range points {
				if want[i] == 0 && !slices.ContainsFunc(points, func(q []float64) bool {
					return Dominates(q, points[i], objectives) && want[indexOf(points, q)] == 0
				}) {
					front = append(front, i)
				}
			}
			for _, i := range front {
				want[i] = rank + 1
			}
			left -= len(front)
		}
		for i, r := range ranks(points) {
			if r+1 != want[i] {
				t.Fatalf("round %d: %v has rank %d, want %d", round, points[i], r, want[i]-1)
			}
		}
	}
}

// indexOf is the place of the very slice q.
func indexOf(points [][]float64, q []float64) int {
	return slices.IndexFunc(points, func(p []float64) bool { return &p[0] == &q[0] })
}

// Hypervolume is free of order and never falls when a point is added.
func TestHypervolumeProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	for round := range 100 {
		n := 2 + round%2
		objectives, reference := make([]Objective, n), []float64{10, 10, 10}[:n]
		var points [][]float64
		last := 0.0
		for range 40 {
			p := make([]float64, n)
			for i := range p {
				p[i] = float64(random.IntN(12))
			}
			points = append(points, p)
			v := Hypervolume(points, objectives, reference)
			shuffled := slices.Clone(points)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if w := Hypervolume(shuffled, objectives, reference); w != v {
				t.Fatalf("%v in another order: %v, want %v", points, w, v)
			}
			if v < last {
				t.Fatalf("%v: fell from %v to %v", points, last, v)
			}
			if want := cells(points, n); v != want {
				t.Fatalf("%v: %v, want %v", points, v, want)
			}
			last = v
		}
	}
}

// cells counts the unit cells below 10 that whole-numbered points dominate.
func cells(points [][]float64, n int) (count float64) {
	depth := 1
	if n == 3 {
		depth = 10
	}
	for i := range 100 * depth {
		cell := []float64{float64(i % 10), float64(i / 10 % 10), float64(i / 100)}[:n]
		if slices.ContainsFunc(points, func(p []float64) bool { return covers(p, cell) }) {
			count++
		}
	}
	return count
}

// Every algorithm stays within limits and evaluations and gives equal results for
// any number of workers.
func TestAlgorithms(t *testing.T) {
	s := load(t, "decoder-compact")
	for _, algorithm := range Algorithms {
		var first *Result
		for _, workers := range []int{1, 3} {
			p := &counting{Additive: additive(t, s, Limits{Memory: 6 << 20}), asked: map[string]int{}}
			r := mustRun(t, p, Settings{Algorithm: algorithm, Evaluations: 3000, Seed: 5, Workers: workers})
			if len(p.asked) != 3000 || len(r.Front) == 0 {
				t.Errorf("%s: %d different evaluations, %d members", algorithm, len(p.asked), len(r.Front))
			}
			if first == nil {
				first = r
			}
			if diff := cmp.Diff(first, r); diff != "" {
				t.Errorf("%s: %d workers give another result", algorithm, workers)
			}
			for g := range p.asked {
				if _, err := s.Genes(s.Arch(space.Genes(g))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if _, err := Run(context.Background(), additive(t, s, Limits{}), Settings{Algorithm: "magic"}); err == nil {
		t.Error("an unknown algorithm runs")
	}
}
