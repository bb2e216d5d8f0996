package search

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nas/space"
)

// cost and score are made up: smooth, positive, and different for every op.
func costs(w space.Workload) Costs {
	return Costs{
		Timings: []Timing{{Name: Latency, Workload: w, Regimes: []Regime{{Overhead: 70, Op: made}}}},
		Base:    func(a space.Arch) float64 { return float64(a.Hidden * a.Hidden) },
		Layer: func(_ space.Model, hidden int, l space.Layer) float64 {
			return float64(hidden * (4*l.Heads*l.HeadWidth + 2*l.FFN))
		},
	}
}

// made is a made-up time of an op.
func made(o space.Op) float64 {
	return 900 + float64(o.MACs())/90 + 1.7*float64(o.Rows*(o.N+o.HeadWidth))
}

func load(t testing.TB, name string) *space.Space {
	t.Helper()
	s, err := space.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, text string) *space.Space {
	t.Helper()
	s, err := space.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func additive(t testing.TB, s *space.Space, l Limits, objectives ...string) *Additive {
	t.Helper()
	a, err := NewAdditive(s, s.Workload, 2, costs(s.Workload), l, objectives...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const derived = `
name: derived
family: decoder
vocabulary: 50
hidden: [32, 64]
layers: [1, 2, 3]
heads: {per_layer: [1, 2, 4]}
ffn: {per_layer: [16, 200]}
workload: {prompt: 9, context: 21, phase: prefill}
`

// Tables give what lowering the whole architecture gives, to the byte.
func TestAdditiveIsWhatLowerGives(t *testing.T) {
	for _, s := range []*space.Space{load(t, "encoder-compact"), load(t, "decoder-compact"), parse(t, derived), parse(t, tiny)} {
		a, r, c := additive(t, s, Limits{}), rand.New(rand.NewPCG(1, 2)), costs(s.Workload)
		for range 300 {
			g := s.Sample(r)
			arch := s.Arch(g)
			got := a.Totals(g)
			if want := space.PlanMemory(arch, s.Workload, 2); got.Memory != want {
				t.Fatalf("%s: %v: memory %+v, want %+v", s.Name, arch, got.Memory, want)
			}
			if want := space.CountParams(arch).Total; got.Params != want {
				t.Fatalf("%s: %v: %d parameters, want %d", s.Name, arch, got.Params, want)
			}
			program := space.Lower(arch, s.Workload)
			if want := int64(program.Streamed()); got.Streamed != want {
				t.Fatalf("%s: %v: %d bytes streamed, want %d", s.Name, arch, got.Streamed, want)
			}
			latency, score := 70.0, c.Base(arch)
			for _, step := range program.Steps {
				latency += made(step.Op)
			}
			for _, l := range arch.Layers {
				score += c.Layer(arch.Model, arch.Hidden, l)
			}
			if math.Abs(got.Latency[0]-latency) > 1e-3*float64(len(arch.Layers)*20) || got.Score != score {
				t.Fatalf("%s: %v: latency %v score %v, want %v and %v", s.Name, arch, got.Latency[0], got.Score, latency, score)
			}
		}
	}
}

func TestAdditiveEvaluatesWithoutAllocating(t *testing.T) {
	s := load(t, "encoder-compact")
	a, g, values := additive(t, s, Limits{Memory: 8 << 20}), s.Sample(rand.New(rand.NewPCG(1, 1))), make([]float64, 3)
	if n := testing.AllocsPerRun(100, func() { a.Evaluate(g, values) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestObjectivesAreChosen(t *testing.T) {
	s := parse(t, tiny)
	a := additive(t, s, Limits{}, Memory, Score)
	if o := a.Objectives(); len(o) != 2 || o[0].Name != Memory || o[1].Name != Score || !o[1].Maximise {
		t.Errorf("objectives %+v", o)
	}
	for _, names := range [][]string{{"speed"}, {Score, Score}} {
		if _, err := NewAdditive(s, s.Workload, 1, costs(s.Workload), Limits{}, names...); err == nil {
			t.Errorf("objectives %v are accepted", names)
		}
	}
}

// What Feasibility says is what enumeration finds.
func TestFeasibilityIsExact(t *testing.T) {
	for _, text := range []string{tiny, derived} {
		s := parse(t, text)
		all := additive(t, s, Limits{})
		least := map[string]float64{}
		for g := range s.All() {
			totals := all.Totals(g)
			for name, v := range map[string]float64{Memory: float64(totals.Total()), Flash: float64(totals.Flash), Params: float64(totals.Params), Latency: totals.Latency[0]} {
				if least[name] == 0 || v < least[name] {
					least[name] = v
				}
			}
		}
		for name, v := range least {
			set := func(v float64) Limits {
				return map[string]Limits{"memory": {Memory: int64(v)}, "flash": {Flash: int64(v)}, "params": {Params: int64(v)}, "latency": {Latency: []float64{v}}}[name]
			}
			seeds, proved, err := additive(t, s, set(v)).Feasibility()
			if err != nil || !proved || len(seeds) == 0 {
				t.Errorf("%s: limit %s = %v, the smallest there is: %v, proved %t", s.Name, name, v, err, proved)
			}
			_, _, err = additive(t, s, set(math.Floor(v)-1)).Feasibility()
			var in *Infeasible
			if !errors.As(err, &in) || in.Name != name || in.Smallest != v || len(in.Genes) == 0 {
				t.Errorf("%s: limit %s below %v: got %v", s.Name, name, v, err)
			}
		}
		if seeds, proved, err := all.Feasibility(); err != nil || !proved || len(seeds) == 0 {
			t.Errorf("%s: no limits: %v, proved %t, %d seeds", s.Name, err, proved, len(seeds))
		}
	}
}

func TestHypervolume(t *testing.T) {
	down, up := Objective{Name: "cost"}, Objective{Name: "value", Maximise: true}
	for name, c := range map[string]struct {
		points     [][]float64
		objectives []Objective
		reference  []float64
		want       float64
	}{
		"nothing":    {nil, []Objective{down, down}, []float64{4, 4}, 0},
		"one":        {[][]float64{{1, 2}}, []Objective{down, down}, []float64{4, 4}, 6},
		"two":        {[][]float64{{1, 2}, {2, 1}, {3, 3}}, []Objective{down, down}, []float64{4, 4}, 8},
		"maximised":  {[][]float64{{1, 2}, {2, 3}}, []Objective{down, up}, []float64{4, 0}, 8},
		"outside":    {[][]float64{{5, 1}}, []Objective{down, down}, []float64{4, 4}, 0},
		"a cube":     {[][]float64{{1, 1, 1}}, []Objective{down, down, down}, []float64{3, 3, 3}, 8},
		"two cubes":  {[][]float64{{0, 2, 0}, {2, 0, 1}}, []Objective{down, down, down}, []float64{3, 3, 3}, 3*1*3 + 1*3*2 - 1*1*2},
		"duplicates": {[][]float64{{1, 1, 1}, {1, 1, 1}, {2, 2, 2}}, []Objective{down, down, down}, []float64{3, 3, 3}, 8},
	} {
		if got := Hypervolume(c.points, c.objectives, c.reference); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The archive holds exactly the non-dominated of what was added.
func TestArchive(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, dimensions := range []int{1, 2, 3, 4} {
		var a archive
		var all [][]float64
		for i := range 1500 {
			costs := make([]float64, dimensions)
			for j := range costs {
				costs[j] = float64(r.IntN(60))
			}
			all = append(all, costs)
			if !a.dominated(costs) {
				a.add(entry{space.Genes{uint8(i), uint8(i >> 8)}, costs, new(int)})
			}
		}
		objectives := make([]Objective, dimensions)
		want := map[string]bool{}
		for _, p := range all {
			if !slices.ContainsFunc(all, func(q []float64) bool { return Dominates(q, p, objectives) }) {
				want[keyOf(p)] = true
			}
		}
		n, last := 0, -1.0
		a.each(func(e entry) {
			if n++; !want[keyOf(e.costs)] {
				t.Fatalf("%d costs: %v is kept", dimensions, e.costs)
			}
			if e.costs[0] < last {
				t.Fatalf("%d costs: out of order", dimensions)
			}
			last = e.costs[0]
		})
		if n != len(want) || a.size != n {
			t.Errorf("%d costs: %d members (size %d), want %d", dimensions, n, a.size, len(want))
		}
	}
}

func keyOf(p []float64) string {
	var b []byte
	for _, v := range p {
		b = append(b, byte(v))
	}
	return string(b)
}
