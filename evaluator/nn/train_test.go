package nn

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nas/evaluator/text"
	"nas/space"
)

func exec32(t testing.TB, threads int) *Exec[float32] {
	t.Helper()
	e, err := NewExec[float32](threads, "")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// tinyDecoder and tinyEncoder are as small as can learn something.
func tinyDecoder(layers int) space.Arch {
	a := space.Arch{Model: space.Model{Family: space.Decoder, Vocabulary: 24, Positions: 64, Position: space.Rotary, Norm: space.RMSNorm,
		Activation: space.SiLU, Gated: true, Head: space.Tied}, Embedding: 32, Hidden: 32}
	for range layers {
		a.Layers = append(a.Layers, space.Layer{Heads: 2, HeadWidth: 16, KVHeads: 1, FFN: 64})
	}
	return a
}

func tinyEncoder(layers int) space.Arch {
	a := tinyDecoder(layers)
	a.Model = space.Model{Family: space.Encoder, Vocabulary: 24, Positions: 64, Segments: 2, Activation: space.GELU, Bias: true, Head: space.Pooler}
	return a
}

func synthetic(t testing.TB, name string, masked bool) text.Task {
	t.Helper()
	task, err := text.NewSynthetic(name, 24, masked)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func recipe(steps int) Recipe {
	r := DefaultRecipe(steps)
	r.Batch, r.Sequence = 8, 48
	return r
}

func mean64(x []float64) (sum float64) {
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}

// A few layers come to know more than guessing among the symbols that may stand
// there would: ln 10 = 2.30 nats, ln 8 = 2.08 for the walk over eight states, ln 20 =
// 3.00 for a sequence of twenty tokens again and again.
func TestTrainingLearns(t *testing.T) {
	cycle := make([]int32, 4000)
	for i := range cycle {
		cycle[i] = int32(i * 7 % 20)
	}
	masked, err := text.NewCorpus(cycle[:3000], cycle[3000:], 260, 48, true)
	if err != nil {
		t.Fatal(err)
	}
	encoder := tinyEncoder(2)
	encoder.Vocabulary = masked.Vocabulary()
	for name, c := range map[string]struct {
		arch  space.Arch
		task  text.Task
		below float64
		short bool // also with -short
	}{
		"decoder, recall":      {tinyDecoder(2), synthetic(t, "recall", false), 2.0, false},
		"decoder, fuzzy":       {tinyDecoder(1), synthetic(t, "fuzzy", false), 2.0, false},
		"decoder, compression": {tinyDecoder(2), synthetic(t, "compression", false), 2.07, true},
		"encoder, cycle":       {encoder, masked, 2.85, true},
	} {
		if testing.Short() && !c.short {
			continue
		}
		trainer, err := NewTrainer(c.arch, recipe(400), exec32(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		before, err := trainer.Evaluate(trainer.Whole(), c.task, 8)
		if err != nil {
			t.Fatal(err)
		}
		if err := trainer.Run(context.Background(), c.task, nil); err != nil {
			t.Fatal(err)
		}
		after, err := trainer.Evaluate(trainer.Whole(), c.task, 8)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.3f, then %.3f nats", name, mean64(before), mean64(after))
		if !(mean64(after) < c.below) {
			t.Errorf("%s: %.3f, then %.3f nats; want %v", name, mean64(before), mean64(after), c.below)
		}
	}
}

// Neither the number of threads nor a stop changes a bit.
func TestResumeBitForBit(t *testing.T) {
	task := synthetic(t, "copy", false)
	train := func(threads, stop int) ([]float32, []Point) {
		trainer, err := NewTrainer(tinyDecoder(2), recipe(12), exec32(t, threads))
		if err != nil {
			t.Fatal(err)
		}
		if stop > 0 {
			path := filepath.Join(t.TempDir(), "checkpoint")
			ctx, cancel := context.WithCancel(context.Background())
			err := trainer.Run(ctx, task, func(p Progress) error {
				if p.Step == stop {
					cancel()
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) || trainer.Step() != stop {
				t.Fatalf("%v at step %d", err, trainer.Step())
			}
			if err := trainer.Save(path); err != nil {
				t.Fatal(err)
			}
			if trainer, err = Load(path, exec32(t, 1)); err != nil {
				t.Fatal(err)
			}
			if err := trainer.Run(context.Background(), synthetic(t, "recall", false), nil); err == nil || !strings.Contains(err.Error(), "another text") {
				t.Errorf("it goes on with another task: %v", err)
			}
		}
		if err := trainer.Run(context.Background(), task, nil); err != nil || trainer.Step() != 12 {
			t.Fatalf("%v at step %d", err, trainer.Step())
		}
		return trainer.Params, trainer.Curve.Points
	}
	want, curve := train(1, 0)
	if len(curve) != 12 || curve[11].Step != 12 || curve[11].Loss >= curve[0].Loss {
		t.Errorf("learning curve %v", curve)
	}
	for _, c := range [][2]int{{2, 0}, {3, 0}, {2, 5}} {
		if got, points := train(c[0], c[1]); !slices.Equal(got, want) || !slices.Equal(points, curve) {
			t.Errorf("%d threads, stopped after %d steps: other weights or another curve, %v not %v", c[0], c[1], points, curve)
		}
	}
}

func TestDivergenceStops(t *testing.T) {
	r := recipe(10)
	trainer, err := NewTrainer(tinyDecoder(1), r, exec32(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	task := synthetic(t, "copy", false)
	var good []float32
	err = trainer.Run(context.Background(), task, func(p Progress) error {
		if p.Step == 3 {
			trainer.Params[len(trainer.Params)-1] = float32(math.NaN())
			good = slices.Clone(trainer.Params)
		}
		return nil
	})
	var diverged *Diverged
	if !errors.As(err, &diverged) || diverged.Step != 4 {
		t.Errorf("%v", err)
	}
	for i, v := range trainer.Params {
		if math.Float32bits(v) != math.Float32bits(good[i]) {
			t.Fatal("the parameters changed")
		}
	}
}

func TestCheckpointFaults(t *testing.T) {
	trainer, err := NewTrainer(tinyEncoder(1), recipe(10), exec32(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	if err := trainer.Save(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := slices.Clone(good)
		b[at] ^= 1
		return b
	}
	for name, data := range map[string][]byte{
		"empty": {}, "other": []byte("hello\n"), "short": good[:len(good)-1], "long": append(slices.Clone(good), 0),
		"bit": flip(len(good) - 100), "sum": flip(len(good) - 1),
		"huge":  bytes.Replace(good, []byte(`"vocabulary":24`), []byte(`"vocabulary":1048576`), 1),
		"key":   bytes.Replace(good, []byte(`"steps"`), []byte(`"stepz"`), 1),
		"step":  bytes.Replace(good, []byte(`"step":0`), []byte(`"step":99`), 1),
		"curve": bytes.Replace(good, []byte(`"curve":{}`), []byte(`"curve":{"count":3}`), 1),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, exec32(t, 1)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCheckpointHeader(f *testing.F) {
	f.Add([]byte(checkpointFormat + `{"arch":{},"recipe":{},"step":0}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, at, err := parseHeader(data)
		if err == nil && (h.Arch.Validate() != nil || at > len(data)) {
			t.Errorf("%q: %+v at %d", data, h, at)
		}
	})
}

func TestRecipeFaults(t *testing.T) {
	m := tinyDecoder(1).Model
	for name, change := range map[string]func(*Recipe){
		"steps": func(r *Recipe) { r.Steps = 0 }, "batch": func(r *Recipe) { r.Batch = -1 }, "sequence": func(r *Recipe) { r.Sequence = 65 },
		"rate": func(r *Recipe) { r.Rate = math.NaN() }, "warmup": func(r *Recipe) { r.Warmup = 1000 }, "clip": func(r *Recipe) { r.Clip = 0 },
	} {
		r := recipe(10)
		change(&r)
		if r.Validate(m) == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		step int
		want float64
	}{{0, 0.1}, {9, 1}, {10, 1}, {60, 0.55}, {110, 0.1}, {1000, 0.1}} {
		if got := Rate(1, c.step, 10, 110); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("step %d: %v, want %v", c.step, got, c.want)
		}
	}
}

// One update of one value, by the paper's algorithm.
func TestUpdate(t *testing.T) {
	m := NewModel[float64](tinyDecoder(1), 1)
	word, norm := m.Tensors[0], m.Tensors[1]
	e := exec64(t)
	o := NewOptimiser(m)
	m.Params[word.Offset], m.Params[norm.Offset] = 2, 2
	for step := 1; step <= 2; step++ {
		m.Grads[word.Offset], m.Grads[norm.Offset] = 3, 4 // length 5, clipped to 1
		if got := o.Update(e, m, 0.1, 0.5, 1); got != 5 {
			t.Errorf("length %v", got)
		}
	}
	// Equal gradients: both corrected moments are the gradient and its square, so each
	// step is the rate; the table shrinks by 0.95 before each.
	if got, want := m.Params[word.Offset], (2*0.95-0.1)*0.95-0.1; math.Abs(got-want) > 1e-6 {
		t.Errorf("table %v, want %v", got, want)
	}
	if got := m.Params[norm.Offset]; math.Abs(got-1.8) > 1e-6 {
		t.Errorf("norm %v, want 1.8", got)
	}
	if m.Grads[word.Offset] != 0 {
		t.Error("gradients are left")
	}
}

// What Trainer allocates is what was planned.
func TestTrainingBytes(t *testing.T) {
	a := tinyEncoder(2)
	trainer, err := NewTrainer(a, recipe(1), exec32(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	got := 4 * int64(len(trainer.Params)+len(trainer.Grads)+len(trainer.optimiser.first)+len(trainer.optimiser.second)+len(trainer.pass.arena))
	if want := TrainingBytes(a, trainer.Batch, trainer.Sequence); got != want {
		t.Errorf("%d bytes, planned %d", got, want)
	}
	// A model counts its parameters as the space does, but for the pooler, which
	// pretraining does not touch.
	if got, want := int64(len(trainer.Params)), space.CountParams(a).Total-int64(a.Hidden*(a.Hidden+1)); got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
}

func TestSliceFaults(t *testing.T) {
	m := NewModel[float32](tinyDecoder(2), 1)
	for name, change := range map[string]func(*space.Arch){
		"family": func(a *space.Arch) { a.Model = tinyEncoder(1).Model }, "hidden": func(a *space.Arch) { a.Hidden, a.Embedding = 33, 33 },
		"depth": func(a *space.Arch) { *a = tinyDecoder(3) }, "factorised": func(a *space.Arch) { a.Embedding = 16 },
		"ffn": func(a *space.Arch) { a.Layers[1].FFN = 65 }, "heads": func(a *space.Arch) { a.Layers[0].Heads = 3 },
	} {
		a := tinyDecoder(2)
		change(&a)
		if _, err := m.Slice(a); err == nil {
			t.Errorf("%s: %v fits", name, a)
		}
	}
}

// What a slice computes its copy computes too; and a teacher's word makes the first
// steps of a training go further on the text itself.
func TestInheritAndLearn(t *testing.T) {
	for name, text := range map[string]string{"decoder": family, "encoder": encoderFamily} {
		s := familySpace(t, text)
		net, err := NewSupernet(s, recipe(3), SupernetForm{Random: 1}, exec32(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(4, 4))
		for i := range net.Params {
			net.Params[i] += float32(0.1 * r.NormFloat64())
		}
		task := synthetic(t, "recall", s.Model.Family == space.Encoder)
		for range 12 {
			a := s.Arch(s.Sample(r))
			slice, err := net.Slice(a)
			if err != nil {
				t.Fatal(err)
			}
			want, err := net.Evaluate(slice, task, 1)
			if err != nil {
				t.Fatal(err)
			}
			own, err := NewTrainer(a, recipe(3), exec32(t, 1))
			if err != nil {
				t.Fatal(err)
			}
			if err := own.Inherit(net.Model); err != nil {
				t.Fatal(err)
			}
			got, err := own.Evaluate(own.Whole(), task, 1)
			if err != nil || math.Abs(got[0]-want[0]) > 1e-5 {
				t.Fatalf("%s: %v: %v nats as a copy, %v as a slice, %v", name, a, got, want, err)
			}
		}
	}
	task := synthetic(t, "compression", false)
	train := func(teacher *Trainer, steps int) (*Trainer, float64) {
		trainer, err := NewTrainer(tinyDecoder(2), recipe(steps), exec32(t, 2))
		if err != nil {
			t.Fatal(err)
		}
		if teacher != nil {
			if err := trainer.Learn(teacher.Model, Distillation{Weight: 0.9, Temperature: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := trainer.Run(context.Background(), task, nil); err != nil {
			t.Fatal(err)
		}
		losses, err := trainer.Evaluate(trainer.Whole(), task, 8)
		if err != nil {
			t.Fatal(err)
		}
		return trainer, mean64(losses)
	}
	teacher, _ := train(nil, 400)
	_, alone := train(nil, 40)
	_, taught := train(teacher, 40)
	if t.Logf("%.4f nats alone, %.4f taught", alone, taught); taught == alone {
		t.Error("the teacher changed nothing")
	}
	other := tinyDecoder(1)
	other.Vocabulary = 30
	stranger, err := NewTrainer(other, recipe(3), exec32(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if stranger.Learn(teacher.Model, Distillation{}) == nil || stranger.Inherit(teacher.Model) == nil {
		t.Error("a teacher of another vocabulary")
	}
}
