package evaluator

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/space"
)

const smallSpace = `
name: small
family: decoder
vocabulary: 32000
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

const smallEncoder = `
name: small
family: encoder
vocabulary: 32000
positions: 64
hidden: [16, 32]
layers: [1, 2]
head_width: 8
heads: {per_layer: [2, 4]}
ffn: {per_layer: [16, 64]}
workload: {sequence: 16}
`

func parseSpace(t *testing.T, text string) *space.Space {
	t.Helper()
	s, err := space.Parse("space.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// training is on a text of twenty tokens in an order with some noise.
func training(t *testing.T, steps int, masked bool) Training {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	tokens := make([]int32, 6000)
	for i := range tokens {
		tokens[i] = int32(i * 7 % 20)
		if r.IntN(10) == 0 {
			tokens[i] = int32(r.IntN(20))
		}
	}
	c, err := text.NewCorpus(tokens[:5000], tokens[5000:], 260, 32, masked)
	if err != nil {
		t.Fatal(err)
	}
	recipe := nn.DefaultRecipe(steps)
	recipe.Batch, recipe.Sequence = 8, 32
	return Training{Task: c, Recipe: recipe, HeldOut: 6, Threads: 2}
}

func TestTrain(t *testing.T) {
	s := parseSpace(t, smallSpace)
	a := s.Arch(s.Sample(rand.New(rand.NewPCG(2, 2))))
	score := func(steps int) (Score, []nn.Point) {
		e := NewTrain(training(t, steps, false), Lessons{})
		score, err := e.Evaluate(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		return score, e.Curve(a)
	}
	few, _ := score(5)
	many, curve := score(60)
	if !(many.Value > few.Value+0.5) || many.Resolution <= 0 || many.Resolution > 0.5 {
		t.Errorf("%+v after 5 steps, %+v after 60", few, many)
	}
	if len(curve) != 20 || curve[19].Step != 60 || curve[19].Loss > curve[0].Loss-0.5 {
		t.Errorf("learning curve %v", curve)
	}
	if again, sameCurve := score(60); again != many || !reflect.DeepEqual(curve, sameCurve) {
		t.Errorf("%+v, then %+v", many, again)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewTrain(training(t, 5, false), Lessons{}).Evaluate(ctx, a); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	long := training(t, 5, false)
	long.Recipe.Sequence = 65
	if _, err := NewTrain(long, Lessons{}).Evaluate(context.Background(), a); err == nil {
		t.Error("a sequence longer than the positions")
	}
}

// In int8 every architecture loses little against float32 on the same slice, in both
// families, and after a restart all is as before.
func TestSupernetInInt8(t *testing.T) {
	for name, masked := range map[string]bool{smallSpace: false, smallEncoder: true} {
		s := parseSpace(t, name)
		path := filepath.Join(t.TempDir(), "supernet")
		form := nn.DefaultSupernetForm(60)
		e, err := TrainSupernet(context.Background(), s, training(t, 60, masked), form, path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := TrainSupernet(context.Background(), s, training(t, 60, masked), form, path)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(3, 3))
		for range 6 {
			a := s.Arch(s.Sample(r))
			quantised, err := e.Evaluate(context.Background(), a)
			if err != nil {
				t.Fatal(err)
			}
			float, err := e.losses(context.Background(), a, true)
			if err != nil {
				t.Fatal(err)
			}
			exact := scoreOf(float, e.hard)
			if d := math.Abs(quantised.Value - exact.Value); d > 0.05 || d == 0 || exact.Value < -4.5 {
				t.Errorf("%v: int8 %+v, float32 %+v", a, quantised, exact)
			}
			if same, err := again.Evaluate(context.Background(), a); err != nil || same != quantised {
				t.Errorf("%v: %+v, after a restart %+v, %v", a, quantised, same, err)
			}
		}
		if _, err := e.Evaluate(context.Background(), space.References(s.Model.Family)[0].Arch); err == nil {
			t.Error("an architecture of another space has a score")
		}
		if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := TrainSupernet(context.Background(), s, training(t, 60, masked), form, path); err == nil || !strings.Contains(err.Error(), path) {
			t.Error(err)
		}
	}
}
