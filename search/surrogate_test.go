package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"nas/evaluator"
	"nas/space"
)

// costly wraps a problem whose score is to be taken for costly: it counts what is
// asked, and nothing may be asked twice.
type costly struct {
	Problem
	t     testing.TB
	asked map[string]float64
	fail  func(a space.Arch) bool
	after int // cancel after so many
	stop  func()
}

func (c *costly) index() int {
	return slices.IndexFunc(c.Objectives(), func(o Objective) bool { return o.Name == Score })
}

func (c *costly) score(ctx context.Context, archs []space.Arch) (scores []float64, errs []error) {
	for _, a := range archs {
		g, err := c.Space().Genes(a)
		if err != nil {
			c.t.Fatal(err)
		}
		if c.stop != nil && len(c.asked) == c.after {
			c.stop()
			scores, errs = append(scores, 0), append(errs, ctx.Err())
			continue
		}
		if _, twice := c.asked[string(g)]; twice {
			c.t.Errorf("%v is scored twice", a)
		}
		values := make([]float64, len(c.Objectives()))
		if c.Problem.Evaluate(g, values) > 0 {
			c.t.Errorf("%v is over the limits", a)
		}
		c.asked[string(g)] = values[c.index()]
		if err = nil; c.fail != nil && c.fail(a) {
			err = errors.New("bad luck")
		}
		scores, errs = append(scores, values[c.index()]), append(errs, err)
	}
	return scores, errs
}

func (c *costly) costly() Costly {
	return Costly{Score: c.score, Fit: func(archs []space.Arch, scores []float64) (Prediction, error) {
		s, err := evaluator.FitSurrogate(archs, scores)
		if err != nil {
			return nil, err
		}
		return s.Predict, nil
	}}
}

func mustSurrogate(t testing.TB, p Problem, s SurrogateSettings) (*SurrogateResult, *costly) {
	t.Helper()
	c := &costly{Problem: p, t: t, asked: map[string]float64{}}
	r, err := Surrogate(context.Background(), p, c.costly(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

// On the benchmark a few hundred real scores with a surrogate come further than as
// many, and far more, without.
func TestSurrogateOnSearchBench(t *testing.T) {
	b := loadBench(t)
	budget, seeds := 200, uint64(3)
	if testing.Short() {
		budget, seeds = 100, 1
	}
	for _, objectives := range [][]string{{Latency, Score}, {Latency, Score, Memory}} {
		p := b.problem(t, objectives...)
		truth := b.exact(t, p)
		reference := b.reference(p, truth)
		whole := Hypervolume(truth, p.objectives, reference)
		for seed := range seeds {
			r, c := mustSurrogate(t, p, SurrogateSettings{Budget: budget, Seed: seed, Workers: 2, Patience: 100})
			with := Hypervolume(pointsOf(&r.Result), p.objectives, reference) / whole
			share := func(a Algorithm, n int) float64 {
				return Hypervolume(pointsOf(mustRun(t, p, Settings{Algorithm: a, Evaluations: n, Seed: seed})), p.objectives, reference) / whole
			}
			same, random := share(Evolution, budget), share(Random, 10*budget)
			fmt.Printf("surrogate objectives=%d evaluations=%d seed=%d share=%.4f evolution=%.4f random with ten times as many=%.4f\n", len(objectives), len(c.asked), seed, with, same, random)
			if with < same || with < random || len(c.asked) > budget {
				t.Errorf("%d objectives, seed %d: %.4f of the exact hypervolume with %d scores", len(objectives), seed, with, len(c.asked))
			}
		}
	}
}

const middling = `
name: middling
family: decoder
vocabulary: 100
hidden: [16, 32, 48, 64]
layers: [1, 2, 3, 4]
heads: {per_layer: [1, 2, 4]}
head_width: 8
ffn: {per_layer: [16, 32, 64]}
workload: {prompt: 8, context: 8}
`

// Every member of the front carries the score that was really given for it.
func TestSurrogateFrontIsReal(t *testing.T) {
	p := additive(t, parse(t, middling), half(t, parse(t, middling)))
	var fronts []string
	for _, workers := range []int{1, 3} {
		r, c := mustSurrogate(t, p, SurrogateSettings{Budget: 80, Seed: 4, Workers: workers, Inner: 500})
		if r.Evaluations != len(c.asked) || r.Evaluations > 80 || len(r.Front) == 0 {
			t.Errorf("%d evaluations, %d asked, %d on the front", r.Evaluations, len(c.asked), len(r.Front))
		}
		for _, m := range r.Front {
			if score, ok := c.asked[string(m.Genes)]; !ok || score != m.Values[c.index()] {
				t.Errorf("%v: %v on the front, %v given", m.Genes, m.Values, score)
			}
		}
		fronts = append(fronts, fmt.Sprint(r.Front, r.Stop))
	}
	if fronts[0] != fronts[1] {
		t.Errorf("the front depends on the workers:\n%s\n%s", fronts[0], fronts[1])
	}
}

func TestSurrogateStops(t *testing.T) {
	p := additive(t, parse(t, middling), Limits{})
	if r, _ := mustSurrogate(t, p, SurrogateSettings{Budget: 40, Inner: 300}); r.Stop != BudgetSpent || r.Evaluations != 40 {
		t.Errorf("%q after %d", r.Stop, r.Evaluations)
	}
	// A whole space is soon known.
	if r, _ := mustSurrogate(t, additive(t, parse(t, strings.Replace(tiny, "[1, 2, 3]", "[1]", 1)), Limits{}), SurrogateSettings{Inner: 300}); r.Stop != StandsStill || r.Evaluations > 16 {
		t.Errorf("%q after %d of 16", r.Stop, r.Evaluations)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &costly{Problem: p, t: t, asked: map[string]float64{}, after: 50, stop: cancel}
	r, err := Surrogate(ctx, p, c.costly(), SurrogateSettings{Inner: 300})
	if err != nil || r.Stop != Cancelled || r.Evaluations != 50 || len(r.Front) == 0 {
		t.Errorf("%v: %q after %d, %d on the front", err, r.Stop, r.Evaluations, len(r.Front))
	}
	few := additive(t, parse(t, strings.NewReplacer("[1, 2, 3]", "[1]", "embedding: [8, 16]\n", "", "[16, 32]}", "[16]}").Replace(tiny)), Limits{})
	if r, c := mustSurrogate(t, few, SurrogateSettings{Inner: 300}); r.Stop != NothingNew || len(c.asked) != 4 || len(r.Front) == 0 {
		t.Errorf("%q after %d of 4, %d on the front", r.Stop, len(c.asked), len(r.Front))
	}
	nothing := additive(t, parse(t, middling), Limits{Memory: 10})
	if r, _ := mustSurrogate(t, nothing, SurrogateSettings{Inner: 300}); len(r.Front) != 0 {
		t.Errorf("%d members within ten bytes", len(r.Front))
	}
	alone := additive(t, parse(t, middling), Limits{}, Latency, Memory)
	if _, err := Surrogate(context.Background(), alone, c.costly(), SurrogateSettings{}); err == nil {
		t.Error("a problem without a score has a surrogate")
	}
}

// What cannot be scored is out, recorded, and not asked again.
func TestSurrogateFailures(t *testing.T) {
	p := additive(t, parse(t, middling), Limits{})
	c := &costly{Problem: p, t: t, asked: map[string]float64{}, fail: func(a space.Arch) bool { return len(a.Layers) == 2 }}
	r, err := Surrogate(context.Background(), p, c.costly(), SurrogateSettings{Budget: 80, Inner: 300})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Failures) == 0 || r.Failures[0].Err == nil {
		t.Errorf("%d failures", len(r.Failures))
	}
	for _, m := range r.Front {
		if m.Genes.Layers() == 2 || math.IsNaN(m.Values[0]) {
			t.Errorf("%v is on the front", m)
		}
	}
	c = &costly{Problem: p, t: t, asked: map[string]float64{}, fail: func(space.Arch) bool { return true }}
	if _, err := Surrogate(context.Background(), p, c.costly(), SurrogateSettings{Inner: 300}); err == nil || !strings.Contains(err.Error(), "bad luck") {
		t.Errorf("all fail: %v", err)
	}
}
