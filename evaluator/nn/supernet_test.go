package nn

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nas/evaluator/text"
	"nas/space"
)

const family = `
name: family
family: decoder
vocabulary: 24
positions: 64
embedding: [16, 32]
hidden: [16, 32]
layers: [1, 2]
head_width: 8
heads: {per_layer: [2, 4]}
kv_heads: {per_layer: [1, 2]}
ffn: {per_layer: [16, 64]}
workload: {prompt: 16, context: 32}
`

var encoderFamily = strings.NewReplacer("decoder", "encoder", "kv_heads: {per_layer: [1, 2]}\n", "", "{prompt: 16, context: 32}", "{sequence: 16}").Replace(family)

func familySpace(t *testing.T, text string) *space.Space {
	t.Helper()
	s, err := space.Parse("family.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every architecture of a space is a slice of its supernet, also where its embedding
// has a width of its own and where heads are as wide as the rest allows.
func TestSupernetHoldsItsSpace(t *testing.T) {
	free := strings.Replace(family, "head_width: 8\n", "", 1)
	for name, text := range map[string]string{"family": family, "head width": free, "encoder": encoderFamily} {
		s := familySpace(t, text)
		net, err := NewSupernet(s, recipe(3), SupernetForm{Random: 1}, exec32(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		batch := randomBatch(rand.New(rand.NewPCG(1, 1)), 2, 16, 24)
		n := 0
		for g := range s.All() {
			if n++; n%7 != 0 {
				continue
			}
			slice, err := net.Slice(s.Arch(g))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			p := *net.pass
			p.Net = slice
			p.Forward(batch)
			if loss := p.CrossEntropy(1).Mean; math.Abs(loss-math.Log(24)) > 0.5 {
				t.Errorf("%s: %v: fresh loss %v", name, slice.Arch, loss)
			}
		}
	}
}

// A supernet learns in all sizes; its course resumes bit for bit, across the step
// that sorts.
func TestSupernetTrains(t *testing.T) {
	s := familySpace(t, family)
	task := synthetic(t, "compression", false)
	form := DefaultSupernetForm(120)
	form.Alone = 20
	train := func(stop int) *Supernet {
		net, err := NewSupernet(s, recipe(120), form, exec32(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err = net.Run(ctx, task, func(p Progress) error {
			if p.Step == stop {
				cancel()
			}
			return nil
		})
		if stop == 0 {
			if err != nil {
				t.Fatal(err)
			}
			return net
		}
		path := filepath.Join(t.TempDir(), "supernet")
		if !errors.Is(err, context.Canceled) || net.Save(path) != nil {
			t.Fatal(err)
		}
		if net, err = LoadSupernet(path, s, recipe(120), form, exec32(t, 1)); err != nil {
			t.Fatal(err)
		}
		if err := net.Run(context.Background(), task, nil); err != nil {
			t.Fatal(err)
		}
		other := recipe(121)
		if _, err := LoadSupernet(path, s, other, form, exec32(t, 1)); err == nil {
			t.Error("it goes on by another recipe")
		}
		if _, err := LoadSupernet(path, familySpace(t, strings.Replace(family, "[16, 64]", "[16, 48]", 1)), recipe(120), form, exec32(t, 1)); err == nil {
			t.Error("it goes on in another space")
		}
		return net
	}
	whole := train(0)
	for _, stop := range []int{15, 60} {
		if again := train(stop); !slices.Equal(again.Params, whole.Params) {
			t.Errorf("stopped after %d steps: other weights", stop)
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 4 {
		net, err := whole.Slice(s.Arch(s.Sample(r)))
		if err != nil {
			t.Fatal(err)
		}
		losses, err := whole.Evaluate(net, task, 4)
		if err != nil {
			t.Fatal(err)
		}
		if loss := mean64(losses); loss > 2.6 {
			t.Errorf("%v: %.3f nats", net.Arch, loss)
		}
	}
}

// Sorting changes nothing that the whole computes, and puts what is important first.
func TestSortKeepsTheFunction(t *testing.T) {
	for name, a := range map[string]space.Arch{"decoder": tinyDecoder(2), "encoder": tinyEncoder(2)} {
		for i := range a.Layers {
			a.Layers[i].Heads, a.Layers[i].HeadWidth, a.Layers[i].KVHeads = 4, 8, 4
		}
		trainer, err := NewTrainer(a, recipe(10), exec32(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		for i := range trainer.Params {
			trainer.Params[i] += float32(0.1 * r.NormFloat64())
		}
		batch := text.NewBatch(8, 48)
		synthetic(t, "recall", a.Family == space.Encoder).Draw(r, batch)
		trainer.pass.Forward(batch)
		before := slices.Clone(trainer.pass.Logits())
		weights := slices.Clone(trainer.Params)
		trainer.sort()
		if slices.Equal(weights, trainer.Params) {
			t.Fatalf("%s: nothing was sorted", name)
		}
		trainer.pass.Forward(batch)
		for i, v := range trainer.pass.Logits() {
			if math.Abs(float64(v-before[i])) > 1e-3 {
				t.Fatalf("%s: logit %d is %v, was %v", name, i, v, before[i])
			}
		}
		order := trainer.order(trainer.pass.layers[1].f, "layers.1.ffn.down.weight", 1)
		if !slices.IsSorted(order) {
			t.Errorf("%s: not in order: %v", name, order)
		}
	}
}
