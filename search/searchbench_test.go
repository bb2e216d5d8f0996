package search

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"nas/space"
)

// bench is a separable problem in a folder of CSV files whose exact front is known.
type bench struct {
	Hidden    []int
	Layers    []int
	Heads     []int
	FFN       []int
	Budget    int64 `json:"memory_budget_bytes"`
	Reference struct {
		Latency, Proxy float64
	} `json:"reference_point"`
	Exact float64 `json:"exact_hypervolume"`

	space  *space.Space
	layers map[[3]int][]int64 // hidden, heads, ffn: latency, weights, act, proxy of layer 1…
	fixed  map[int][]int64    // hidden: latency, weights, proxy

	evaluated int
	archive   archive
	marks     map[int]float64 // hypervolume after so many evaluations
}

// loadBench reads the folder that the environment names.
func loadBench(t *testing.T) *bench {
	folder := os.Getenv("SEARCHBENCH")
	if folder == "" {
		t.Skip("SEARCHBENCH names no folder with a separable benchmark problem")
	}
	b := &bench{layers: map[[3]int][]int64{}, fixed: map[int][]int64{}, marks: map[int]float64{}}
	text, err := os.ReadFile(filepath.Join(folder, "problem.json"))
	if err == nil {
		err = json.Unmarshal(text, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range readTable(t, filepath.Join(folder, "layer_table.csv")) {
		b.layers[[3]int{int(row[0]), int(row[1]), int(row[2])}] = row[3:]
	}
	for _, row := range readTable(t, filepath.Join(folder, "fixed_table.csv")) {
		b.fixed[int(row[0])] = row[1:]
	}
	list := func(v []int) string { s, _ := json.Marshal(v); return string(s) }
	b.space = parse(t, fmt.Sprintf(`
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
	return b
}

func readTable(t *testing.T, path string) (rows [][]int64) {
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
			if row[i], err = strconv.ParseInt(field, 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (b *bench) Space() *space.Space { return b.space }
func (b *bench) Objectives() []Objective {
	return []Objective{{Name: "latency"}, {Name: "proxy", Maximise: true}}
}

// Evaluate runs on one worker here, so it may count.
func (b *bench) Evaluate(g space.Genes, values []float64) float64 {
	a := b.space.Arch(g)
	fixed := b.fixed[a.Hidden]
	latency, weights, proxy, act := fixed[0], fixed[1], fixed[2], int64(0)
	for i, l := range a.Layers {
		row := b.layers[[3]int{a.Hidden, l.Heads, l.FFN}]
		latency += row[0]
		weights += row[1]
		act = max(act, row[2])
		proxy += row[3+i]
	}
	values[0], values[1] = float64(latency), float64(proxy)
	violation := excess(float64(weights+act), float64(b.Budget))
	if costs := []float64{values[0], -values[1]}; violation == 0 && !b.archive.dominated(costs) {
		b.archive.add(entry{g, costs})
	}
	if b.evaluated++; slices.Contains([]int{1000, 5000, 20000, 100000}, b.evaluated) {
		var points [][]float64
		b.archive.each(func(e entry) { points = append(points, []float64{e.costs[0], -e.costs[1]}) })
		b.marks[b.evaluated] = Hypervolume(points, b.Objectives(), []float64{b.Reference.Latency, b.Reference.Proxy}) / b.Exact
	}
	return violation
}

// The share of the exact hypervolume after so many evaluations, over ten seeds.
func TestKnownFront(t *testing.T) {
	seeds, marks := uint64(10), []int{1000, 5000, 20000, 100000}
	if testing.Short() {
		seeds, marks = 3, marks[:3]
	}
	least := map[int]float64{1000: .945, 5000: .985, 20000: .995, 100000: .999}
	reached := map[int][]float64{}
	for seed := range seeds {
		b := loadBench(t)
		mustRun(t, b, Settings{Evaluations: marks[len(marks)-1], Seed: seed})
		for _, n := range marks {
			reached[n] = append(reached[n], b.marks[n])
		}
	}
	for _, n := range marks {
		slices.Sort(reached[n])
		median := reached[n][len(reached[n])/2]
		t.Logf("%6d evaluations: median %.4f, worst %.4f", n, median, reached[n][0])
		if median < least[n] {
			t.Errorf("%d evaluations: median %.4f of the exact hypervolume, want %.4f", n, median, least[n])
		}
	}
}
