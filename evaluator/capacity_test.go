package evaluator

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nas/space"
)

// Capacity counts what the program's weights hold.
func TestCapacityIsNonEmbeddingParams(t *testing.T) {
	var archs []space.Arch
	for _, f := range []space.Family{space.Encoder, space.Decoder} {
		for _, r := range space.References(f) {
			archs = append(archs, r.Arch)
			for _, h := range []space.HeadKind{space.NoHead, space.Pooler, space.Tied, space.Untied} {
				a := r.Arch
				if a.Head = h; a.Validate() == nil {
					archs = append(archs, a)
				}
			}
		}
	}
	for _, name := range space.Names() {
		s, err := space.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			archs = append(archs, s.Arch(s.Sample(r)))
		}
	}
	for _, a := range archs {
		got, err := Capacity{}.Evaluate(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		if want := float64(space.CountParams(a).NonEmbedding()); got.Value != want {
			t.Errorf("%v: %v, want %v", a, got.Value, want)
		}
		if got.Resolution <= 0 || got.Resolution >= got.Value {
			t.Errorf("%v: resolution %v of %v", a, got.Resolution, got.Value)
		}
	}
}

// Two scores closer than the larger one's resolution are a tie.
func TestCapacityTies(t *testing.T) {
	a := Capacity{}.Score(space.Decoder, 1000)
	for value, want := range map[float64]bool{1000: true, 1719: true, 1721: false, 582: true, 581: false} {
		larger, smaller := Capacity{}.Score(space.Decoder, value), a
		if larger.Value < smaller.Value {
			larger, smaller = smaller, larger
		}
		if got := larger.Value-smaller.Value < larger.Resolution; got != want {
			t.Errorf("1000 and %v are a tie: %t, want %t", value, got, want)
		}
	}
}

// The ratios are what the published sets of trained models give.
func TestRatiosComeFromPublishedTruth(t *testing.T) {
	files, _ := filepath.Glob("../../shared/data/truth/std/*.csv")
	if len(files) == 0 {
		t.Skip("published data is not at hand")
	}
	worst := map[space.Family]float64{}
	for _, file := range files {
		family, sizes, values := read(t, file)
		if len(sizes) > 700 { // every pair of 4042 supernet samples is too many
			continue
		}
		r := ratioAt(sizes, values, 0.9)
		t.Logf("%-34s %v: %.3f from %d models", filepath.Base(file), family, r, len(sizes))
		worst[family] = max(worst[family], r)
	}
	for family, want := range ratios {
		if got := worst[family]; math.Abs(got-want) > 0.01 {
			t.Errorf("%v: %.3f, the constant is %v", family, got, want)
		}
	}
}

func read(t *testing.T, path string) (family space.Family, sizes, values []float64) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	truth, err := ParseTruth(data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, m := range truth.Models {
		sizes, values = append(sizes, m.NonEmbedding), append(values, m.Score)
	}
	return truth.Models[0].Arch.Family, sizes, values
}

// ratioAt is the ratio of sizes at which the isotonic regression of "ordered right"
// reaches p, by pooling adjacent violators.
func ratioAt(sizes, values []float64, p float64) float64 {
	type pair struct{ ratio, right float64 }
	var pairs []pair
	for i := range sizes {
		for j := range i {
			if sizes[i] == sizes[j] || values[i] == values[j] {
				continue
			}
			right := 0.0
			if (sizes[i] > sizes[j]) == (values[i] > values[j]) {
				right = 1
			}
			pairs = append(pairs, pair{max(sizes[i]/sizes[j], sizes[j]/sizes[i]), right})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.ratio, b.ratio) })
	type block struct{ from, right, n float64 }
	var blocks []block
	for _, q := range pairs {
		blocks = append(blocks, block{q.ratio, q.right, 1})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].right/blocks[k-1].n >= blocks[k].right/blocks[k].n; k-- {
			blocks[k-1].right += blocks[k].right
			blocks[k-1].n += blocks[k].n
			blocks = blocks[:k]
		}
	}
	for _, b := range blocks {
		if b.right/b.n >= p {
			return b.from
		}
	}
	return math.Inf(1)
}

func BenchmarkCapacity(b *testing.B) {
	a := space.References(space.Encoder)[6].Arch
	for b.Loop() {
		Capacity{}.Evaluate(context.Background(), a)
	}
}
