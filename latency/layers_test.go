package latency

import (
	"context"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"nas/internal/statistics"
	"nas/space"
)

// NAS_LAYERS=1 holds what a layer costs in a model, and what a model costs besides its
// layers, against the measured: by the difference of models with N and 2N equal layers.
func TestLayers(t *testing.T) {
	if os.Getenv("NAS_LAYERS") == "" {
		t.Skip("NAS_LAYERS=1 measures for a minute a workload; nothing else should run")
	}
	for _, name := range []string{"encoder-compact", "decoder-compact"} {
		s, err := space.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range s.Workload.Phases() {
			t.Run(w.String(), func(t *testing.T) { testLayers(t, s, w) })
		}
	}
}

// layerDepths are N and 2N, twice.
var layerDepths = []int{3, 6, 12}

func testLayers(t *testing.T, s *space.Space, w space.Workload) {
	set := settings(t, s)
	set.Workload, set.Budget = w, 25*time.Second
	programs := cover(t, s, w)
	table, err := Measure(context.Background(), programs, set)
	if err != nil {
		t.Fatal(err)
	}
	var archs []space.Arch
	for hidden := range s.Hidden {
		for _, depth := range layerDepths {
			archs = append(archs, equalLayers(t, s, hidden, depth))
		}
	}
	set.Budget, set.Seed = 20*time.Second, 9
	_, cases, runs, err := Validate(context.Background(), predictor(t, table), archs, programs, set)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("median of the runs over floor %.2f", runs.Context.Busy)
	var layers, rests []float64 // errors in per cent: of a layer, of the rest as a share of the smaller model
	for i := range cases {
		if i%len(layerDepths) == len(layerDepths)-1 {
			continue
		}
		c, d, n := &cases[i], &cases[i+1], float64(layerDepths[i%len(layerDepths)])
		line := func(short, long float64) (layer, rest float64) { return (long - short) / n, 2*short - long }
		measured, base := line(c.Measured.Floor, d.Measured.Floor)
		predicted, guess := line(c.Predicted.Nanoseconds, d.Predicted.Nanoseconds)
		layer, rest := 100*(predicted/measured-1), 100*(guess-base)/c.Measured.Floor
		t.Logf("hidden %3d, %2.0f and %2.0f layers: a layer takes %8.2f µs, predicted %8.2f (%+.1f %%); the rest %8.2f µs, predicted %8.2f (%+.1f %% of the model)",
			c.Arch.Hidden, n, 2*n, measured/1e3, predicted/1e3, layer, base/1e3, guess/1e3, rest)
		layers, rests = append(layers, math.Abs(layer)), append(rests, math.Abs(rest))
	}
	t.Logf("a layer: median error %.1f %%, at worst %.1f %%; the rest: %.1f and %.1f %% of the model",
		statistics.Median(layers), slices.Max(layers), statistics.Median(rests), slices.Max(rests))
	if statistics.Median(layers) > 5 || statistics.Median(rests) > 5 {
		t.Error("what a layer costs, or the rest, is off by more than 5 % in the median")
	}
}

// equalLayers is the architecture of a width with equal layers of the usual shape: heads
// of one head width over the whole width, and a feed-forward four times as wide.
func equalLayers(t *testing.T, s *space.Space, hidden, depth int) space.Arch {
	t.Helper()
	width := s.Hidden[hidden]
	nearest := func(choices []int, want int) uint8 {
		best := 0
		for i, v := range choices {
			if math.Abs(float64(v-want)) < math.Abs(float64(choices[best]-want)) {
				best = i
			}
		}
		return uint8(best)
	}
	g := space.Genes{nearest(s.Embedding, 128), uint8(hidden), nearest(s.Depth, depth)}
	for range depth {
		g = append(g, nearest(s.Heads.Choices, width/64), 0, nearest(s.KVHeads.Choices, 2), nearest(s.FFN.Choices, 4*width))
	}
	if err := s.Check(g); err != nil {
		t.Fatal(err)
	}
	return s.Arch(g)
}
