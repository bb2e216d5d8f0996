package search

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// bench is a separable problem in a folder of CSV files whose exact front is known.
type bench struct {
	Hidden    []int
	Layers    []int
	Heads     []int
	FFN       []int
	Budget    int64           `json:"memory_budget_bytes"`
	Reference json.RawMessage `json:"reference_point"`

	folder string
	layers map[[3]int][]int64 // hidden, heads, ffn: latency, weights, act, proxy of layer 1…
	fixed  map[int][]int64    // hidden: latency, weights, proxy
}

// loadBench reads the folder that the environment names.
func loadBench(t testing.TB) *bench {
	b := &bench{folder: os.Getenv("SEARCHBENCH"), layers: map[[3]int][]int64{}, fixed: map[int][]int64{}}
	if b.folder == "" {
		b.folder = filepath.Join("..", "..", "shared", "searchbench")
	}
	text, err := os.ReadFile(filepath.Join(b.folder, "problem.json"))
	if err != nil {
		t.Skipf("no benchmark problem: %v (the variable SEARCHBENCH may name its folder)", err)
	}
	if err := json.Unmarshal(text, b); err != nil {
		t.Fatal(err)
	}
	for _, row := range readTable(t, filepath.Join(b.folder, "layer_table.csv")) {
		b.layers[[3]int{int(row[0]), int(row[1]), int(row[2])}] = row[3:]
	}
	for _, row := range readTable(t, filepath.Join(b.folder, "fixed_table.csv")) {
		b.fixed[int(row[0])] = row[1:]
	}
	return b
}

// readTable reads a CSV of whole numbers; what is none is 0.
func readTable(t testing.TB, path string) (rows [][]int64) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records[1:] {
		row := make([]int64, len(record))
		for i, field := range record {
			row[i], _ = strconv.ParseInt(field, 10, 64)
		}
		rows = append(rows, row)
	}
	return rows
}

// problem puts the tables where Additive has those it lowers.
func (b *bench) problem(t testing.TB, objectives ...string) *Additive {
	list := func(v []int) string { s, _ := json.Marshal(v); return string(s) }
	s := parse(t, fmt.Sprintf(`
name: bench
family: encoder
vocabulary: 8192
hidden: %s
layers: %s
heads: {per_layer: %s}
head_width: 64
ffn: {per_layer: %s}
workload: {sequence: 128}
`, list(b.Hidden), list(b.Layers), list(b.Heads), list(b.FFN)))
	a, err := NewAdditive(s, s.Workload, 1, costs(s.Workload), Limits{Memory: b.Budget}, objectives...)
	if err != nil {
		t.Fatal(err)
	}
	a.columns[0].regimes[0].overhead, a.position = 0, make([][]float64, slices.Max(b.Layers))
	perHidden := len(a.layers) / len(s.Hidden)
	for i := range a.stems {
		row := b.fixed[s.Hidden[i]]
		a.stems[i], a.stemTimes[i] = part{weights: row[1], score: float64(row[2])}, row[0]*1000
	}
	for at := range a.position {
		a.position[at] = make([]float64, len(a.layers))
	}
	for i := range a.layers {
		genes := a.layerGenes(i % perHidden)
		l := s.Layer(s.Hidden[i/perHidden], genes[:])
		row := b.layers[[3]int{s.Hidden[i/perHidden], l.Heads, l.FFN}]
		a.layers[i], a.layerTimes[i] = part{weights: row[1], scratch: [2]int32{int32(row[2])}}, row[0]*1000
		for at := range a.position {
			a.position[at][i] = float64(row[3+at])
		}
	}
	return a
}

// exact is the given front of a problem: points in the order of its objectives.
func (b *bench) exact(t testing.TB, p *Additive) [][]float64 {
	name := "exact_front.csv"
	if len(p.objectives) == 3 {
		name = "exact_front3.csv"
	}
	var points [][]float64
	for _, row := range readTable(t, filepath.Join(b.folder, name)) {
		values := map[string]float64{Latency: float64(row[0]), Score: float64(row[1]), Memory: float64(row[2])}
		var point []float64
		for _, o := range p.objectives {
			point = append(point, values[o.Name])
		}
		points = append(points, point)
	}
	return points
}

// reference is the given point, or where there is none the worst of the front.
func (b *bench) reference(p *Additive, front [][]float64) []float64 {
	var given struct{ Latency, Proxy float64 }
	ok := json.Unmarshal(b.Reference, &given) == nil
	var point []float64
	for i, o := range p.objectives {
		worst := front[0][i]
		for _, v := range front {
			if o.Maximise == (v[i] < worst) {
				worst = v[i]
			}
		}
		switch {
		case ok && o.Name == Latency:
			worst = given.Latency
		case ok && o.Name == Score:
			worst = given.Proxy
		case o.Name == Memory:
			worst = float64(b.Budget)
		}
		point = append(point, worst)
	}
	return point
}

func pointsOf(r *Result) (points [][]float64) {
	for _, m := range r.Front {
		points = append(points, m.Values)
	}
	return points
}

// TestSearchBench holds the algorithms against the given exact front: the share of
// its hypervolume that each reaches, and how much of it the exact one reproduces.
func TestSearchBench(t *testing.T) {
	b := loadBench(t)
	seeds, marks := uint64(10), []int{1000, 5000, 20000, 100000}
	if testing.Short() {
		seeds, marks = 3, marks[:3]
	}
	// The goals are those of the problem that is at hand; another has none but exactness.
	given := os.Getenv("SEARCHBENCH") == ""
	for _, c := range []struct {
		objectives []string
		least      map[int]float64 // of the median
		apart      map[int]float64 // the worst seed from the median
	}{
		{[]string{Latency, Score}, map[int]float64{1000: .965, 5000: .991, 20000: .9975, 100000: .9997}, map[int]float64{5000: .005, 20000: .001}},
		{[]string{Latency, Score, Memory}, map[int]float64{20000: .99}, nil},
	} {
		p := b.problem(t, c.objectives...)
		truth := b.exact(t, p)
		reference := b.reference(p, truth)
		whole := Hypervolume(truth, p.objectives, reference)
		for _, algorithm := range Algorithms {
			for _, n := range marks {
				var shares []float64
				for seed := range seeds {
					r := mustRun(t, p, Settings{Algorithm: algorithm, Evaluations: n, Seed: seed})
					shares = append(shares, Hypervolume(pointsOf(r), p.objectives, reference)/whole)
				}
				slices.Sort(shares)
				median := (shares[(len(shares)-1)/2] + shares[len(shares)/2]) / 2
				fmt.Printf("algorithm=%s objectives=%d evaluations=%d seeds=%d median=%.4f worst=%.4f\n", algorithm, len(c.objectives), n, seeds, median, shares[0])
				if given && !testing.Short() && algorithm == Evolution && (median < c.least[n] || c.apart[n] > 0 && median-shares[0] > c.apart[n]) {
					t.Errorf("%d objectives, %d evaluations: median %.4f, worst %.4f of the exact hypervolume; want %.4f, and the worst within %.3f", len(c.objectives), n, median, shares[0], c.least[n], c.apart[n])
				}
				if shares[len(shares)-1] > 1+1e-9 {
					t.Errorf("%s finds more than the exact front", algorithm)
				}
			}
		}
		start := time.Now()
		r, err := Exact(context.Background(), p, ExactSettings{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		found := map[string]bool{}
		for _, point := range pointsOf(r) {
			found[fmt.Sprint(point)] = true
		}
		hit := 0
		for _, point := range truth {
			if found[fmt.Sprint(point)] {
				hit++
			}
		}
		fmt.Printf("exact objectives=%d points=%d of %d time=%.2fs\n", len(c.objectives), hit, len(truth), took.Seconds())
		if hit != len(truth) || len(r.Front) != len(truth) {
			t.Errorf("%d objectives: %d points, %d of the %d given ones", len(c.objectives), len(r.Front), hit, len(truth))
		}
	}
}

// BenchmarkSearchBench times one core on the given problem: the evaluator alone, the
// whole loop of 100000 evaluations, and the exact front.
func BenchmarkSearchBench(b *testing.B) {
	given := loadBench(b)
	for _, objectives := range [][]string{{Latency, Score}, {Latency, Score, Memory}} {
		p := given.problem(b, objectives...)
		b.Run(fmt.Sprintf("evaluate/objectives=%d", len(objectives)), func(b *testing.B) { benchmarkEvaluate(b, p) })
		b.Run(fmt.Sprintf("search/objectives=%d", len(objectives)), func(b *testing.B) {
			n := 0
			for b.Loop() {
				n += mustRun(b, p, Settings{Evaluations: 100000, Seed: 1}).Evaluations
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "evaluations/s")
		})
		b.Run(fmt.Sprintf("exact/objectives=%d", len(objectives)), func(b *testing.B) {
			for b.Loop() {
				r, err := Exact(context.Background(), p, ExactSettings{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(r.Evaluations), "partials")
			}
		})
	}
}
