package search

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nas/space"
)

// twoDevices is a problem with a latency of two regimes and, for a decoder, both
// phases, else another device.
func twoDevices(t testing.TB, s *space.Space, below int64, l Limits, objectives ...string) *Additive {
	t.Helper()
	return regimes(t, s, below, 1.5, l, objectives...)
}

// regimes is the same with a factor of the second regime's times.
func regimes(t testing.TB, s *space.Space, below int64, factor float64, l Limits, objectives ...string) *Additive {
	t.Helper()
	other := s.Workload.Phases()[0]
	c := costs(s.Workload)
	c.Timings = []Timing{
		{Name: "near", Workload: s.Workload, Regimes: []Regime{
			{Below: below, Overhead: 70, Op: made},
			{Overhead: 90, Op: func(o space.Op) float64 { return factor * made(o) }}}},
		{Name: "far", Workload: other, Regimes: []Regime{{Overhead: 10, Op: func(o space.Op) float64 { return 5000 + float64(o.N) }}}},
	}
	a, err := NewAdditive(s, s.Workload, 2, c, l, objectives...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTimingsAreWhatProgramsGive(t *testing.T) {
	for _, s := range []*space.Space{load(t, "encoder-compact"), load(t, "decoder-compact")} {
		const below = 3 << 20
		a, r := twoDevices(t, s, below, Limits{}), rand.New(rand.NewPCG(1, 2))
		in := map[bool]int{}
		for range 300 {
			g := s.Sample(r)
			got, arch := a.Totals(g), s.Arch(g)
			p := space.Lower(arch, s.Workload)
			near, far := 70.0, 10.0
			streams := p.Streamed() >= below
			if in[streams]++; streams {
				near = 90
			}
			for _, step := range p.Steps {
				if streams {
					near += 0.5 * made(step.Op)
				}
				near += made(step.Op)
			}
			for _, step := range space.Lower(arch, s.Workload.Phases()[0]).Steps {
				far += 5000 + float64(step.Op.N)
			}
			if math.Abs(got.Latency[0]-near) > 1e-6*near || math.Abs(got.Latency[1]-far) > 1e-6*far {
				t.Fatalf("%s: %v: latencies %v, want %v and %v", s.Name, arch, got.Latency[:2], near, far)
			}
		}
		if len(in) != 2 {
			t.Errorf("%s: one regime only: %v", s.Name, in)
		}
	}
}

// With regimes and several latencies the exact front is what enumeration finds.
func TestExactIsEnumerationInRegimes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for _, text := range []string{tiny, shared} {
		s := parse(t, text)
		typical := twoDevices(t, s, 1, Limits{}).Totals(s.Sample(random))
		for round := range 40 {
			below := int64(float64(typical.Streamed) * (0.3 + 1.5*random.Float64()))
			var l Limits
			if round&1 > 0 {
				l.Memory = int64(float64(typical.Total()) * (0.6 + random.Float64()))
			}
			if round&2 > 0 {
				l.Latency = []float64{0, typical.Latency[1] * (0.6 + random.Float64())}
			}
			if round&4 > 0 {
				l.Latency = []float64{typical.Latency[0] * (0.6 + random.Float64()), 0}
			}
			objectives := [][]string{nil, {"near", Score}, {"near", "far", Score}, {Flash, Score, "near"}, {Params, "near"}}[round%5]
			p := regimes(t, s, below, []float64{1.5, 0.7, 0.95}[round%3], l, objectives...)
			want := mustRun(t, p, Settings{Evaluations: int(s.Size().Int64())})
			got, err := Exact(context.Background(), p, ExactSettings{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(pointsOf(want), pointsOf(got)); diff != "" {
				t.Errorf("%s, below %d, %+v, %v (-enumerated +exact):\n%.1500s", s.Name, below, l, objectives, diff)
			}
		}
	}
}

func TestTimingsAreChecked(t *testing.T) {
	s := parse(t, tiny)
	w, one := s.Workload, []Regime{{Op: made}}
	decode := w
	decode.Phase = space.Decode
	for name, timings := range map[string][]Timing{
		"none":         nil,
		"too many":     make([]Timing, MaxTimings+1),
		"no name":      {{"", w, one}},
		"taken":        {{Memory, w, one}},
		"twice":        {{"a", w, one}, {"a", w, one}},
		"no regime":    {{"a", w, nil}},
		"bounded":      {{"a", w, []Regime{{Below: 5, Op: made}}}},
		"out of order": {{"a", w, []Regime{{Below: 5, Op: made}, {Below: 4, Op: made}, {Op: made}}}},
		"unbounded":    {{"a", w, []Regime{{Op: made}, {Op: made}}}},
		"phase":        {{"a", decode, one}},
	} {
		c := costs(w)
		c.Timings = timings
		if _, err := NewAdditive(s, w, 1, c, Limits{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, l := range map[string]Limits{"NaN": {Latency: []float64{math.NaN()}}, "negative": {Memory: -1}, "two": {Latency: []float64{1, 1}}} {
		if _, err := NewAdditive(s, w, 1, costs(w), l); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
