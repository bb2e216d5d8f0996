package search

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nas/space"
)

// A certificate is the share that the definition gives; the exact front has all.
func TestCertify(t *testing.T) {
	for _, objectives := range [][]string{{Score, Latency}, {Score, Latency, Memory}, {Score, Latency, Memory, Flash}} {
		p := additive(t, parse(t, shared), half(t, parse(t, shared)), objectives...)
		exact, err := Exact(context.Background(), p, ExactSettings{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Certify(context.Background(), p, exact, ExactSettings{Workers: 2})
		if err != nil || c.Hypervolume != 1 || c.Points != c.Of || c.Of != len(exact.Front) || c.Of < 5 {
			t.Errorf("%v: %+v, %v: not all of itself", objectives, c, err)
		}
		half := *exact
		half.Front = nil
		for i := 0; i < len(exact.Front); i += 2 {
			half.Front = append(half.Front, exact.Front[i])
		}
		c, err = Certify(context.Background(), p, &half, ExactSettings{})
		if err != nil || c.Hypervolume >= 1 || c.Hypervolume < 0.2 || c.Points != len(half.Front) {
			t.Errorf("%v: %+v, %v for half of the front", objectives, c, err)
		}
	}
	p := additive(t, load(t, "encoder-compact"), Limits{}, Score, Latency)
	if _, err := Certify(context.Background(), p, &Result{}, ExactSettings{Effort: 100}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want %v", err, ErrTooLarge)
	}
}

// The estimate is near the exact volume and never falls.
func TestPolar(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	limit, scale := []float64{10, 10, 10, 10}, []float64{10, 10, 10, 10}
	var points [][]float64
	last := 0.0
	for range 30 {
		p := make([]float64, 4)
		for k := range p {
			p[k] = float64(random.IntN(12))
		}
		points = append(points, p)
		got := polar(points, limit, scale)
		want := 0.0
		for last := range 10 { // slices of three costs
			var below [][]float64
			for _, p := range points {
				if p[3] <= float64(last) {
					below = append(below, p[:3])
				}
			}
			want += cells(below, 3)
		}
		if math.Abs(got-want) > 0.06*want+1e-9 || got < last {
			t.Errorf("%d points: %v after %v, want %v", len(points), got, last, want)
		}
		last = got
	}
}

// The best in each objective comes first, then what lies far from all chosen.
func TestSpread(t *testing.T) {
	objectives := []Objective{{Maximise: true}, {}}
	points := [][]float64{{1, 10}, {9, 90}, {5, 50}, {5.1, 51}, {1.1, 11}}
	for n, want := range map[int][]int{0: nil, 1: {1}, 2: {1, 0}, 3: {1, 0, 2}, 5: {1, 0, 2, 3, 4}, 9: {1, 0, 2, 3, 4}} {
		got := Spread(points, objectives, n)
		if len(want) == 5 { // whatever the order
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d: got %v, want %v", n, got, want)
		}
	}
	if got := Spread([][]float64{{1, 1}, {1, 1}}, objectives, 2); len(got) != 2 {
		t.Errorf("equal points: %v", got)
	}
}

// The survey's bounds are those of enumeration, its share about right.
func TestSurvey(t *testing.T) {
	s := parse(t, shared)
	typical := additive(t, s, Limits{}).Totals(s.Sample(rand.New(rand.NewPCG(1, 1))))
	a := additive(t, s, Limits{Memory: int64(typical.Total()), Params: typical.Params, Latency: []float64{typical.Latency[0]}})
	got := a.Survey(1)
	low, high := []float64{math.Inf(1), math.Inf(1), math.Inf(1)}, make([]float64, 3)
	var sum tally
	for g := range s.All() {
		a.add(g, &sum)
		for k, b := range a.bounds {
			v := a.of(&sum, b.quantity)
			low[k], high[k] = min(low[k], v), max(high[k], v)
		}
	}
	for k, r := range got.Quantities {
		if r.Smallest != low[k] || r.Largest != high[k] || r.Typical < low[k] || r.Typical > high[k] {
			t.Errorf("%s: %+v, want %v…%v", r.Name, r, low[k], high[k])
		}
	}
	if share := got.Share(); share <= 0 || share >= 1 || len(got.Quantities) != 3 {
		t.Errorf("share %v of %+v", share, got)
	}
}

// Limits that exclude each other are named, with what each leaves of the other.
func TestConflict(t *testing.T) {
	s := parse(t, shared)
	far := func(memory int64, latency float64) *Additive {
		c := costs(s.Workload)
		// Small models are slow: what memory allows, latency forbids.
		c.Timings[0].Regimes[0].Op = func(o space.Op) float64 { return 1e6 / float64(o.MACs()+1000) }
		a, err := NewAdditive(s, s.Workload, 2, c, Limits{Memory: memory, Params: 1 << 40, Latency: []float64{latency}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	open := far(1<<40, 1e18)
	smallest, fastest := math.Inf(1), math.Inf(1)
	for g := range s.All() {
		totals := open.Totals(g)
		smallest, fastest = min(smallest, float64(totals.Total())), min(fastest, totals.Latency[0])
	}
	c := far(int64(smallest), fastest).Conflict(context.Background(), ExactSettings{})
	if c == nil || c.A.Name != Memory || c.B.Name != Latency || c.BestA <= smallest || c.BestB <= fastest {
		t.Fatalf("%+v: memory %v and latency %v exclude each other", c, smallest, fastest)
	}
	if c := far(int64(c.BestA), fastest).Conflict(context.Background(), ExactSettings{}); c != nil {
		t.Errorf("%+v: memory %v suffices", c, c.BestA)
	}
}
