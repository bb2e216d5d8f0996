package evaluator

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/internal/statistics"
	"nas/space"
)

var ablation = flag.String("ablation", "", "corpus `file`: train supernets with and without each part and hold them against examples/truth")
var ablationKeep = flag.String("ablation-keep", "", "`folder` of their checkpoints, to go on from")

// TestAblation says what each part of a supernet's training is worth: the mean loss of
// the slices that examples/truth trained, and how many pairs of nearly equal size are
// in the right order, all for the same number of steps.
func TestAblation(t *testing.T) {
	if *ablation == "" {
		t.Skip("takes ten minutes: -ablation stories.txt -ablation-keep DIR")
	}
	const steps = 400
	usual := nn.DefaultSupernetForm(steps)
	shorter, together := usual, usual
	shorter.Alone, together.Alone = steps/10, 0
	task, judge, s := stories(t)
	for seed := range uint64(2) {
		for _, v := range []struct {
			name string
			form nn.SupernetForm
		}{{"usual", usual}, {"shorter", shorter}, {"together", together}} {
			name := fmt.Sprintf("%s-%d", v.name, seed+1)
			t.Run(name, func(t *testing.T) {
				r := nn.DefaultRecipe(steps)
				r.Sequence, r.Seed = 64, seed+1
				net, err := TrainSupernet(context.Background(), s, Training{Task: task, Recipe: r, Threads: 2}, v.form, filepath.Join(*ablationKeep, name))
				if err != nil {
					t.Fatal(err)
				}
				report(t, judge, net)
			})
		}
	}
}

// stories are the text, the judge and the space of examples/truth.
func stories(t *testing.T) (*text.Corpus, *Judge, *space.Space) {
	t.Helper()
	s, err := space.Load("decoder-micro")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("..", "examples", "truth", "stories.csv"))
	if err != nil {
		t.Fatal(err)
	}
	truth, err := ParseTruth(data)
	if err != nil {
		t.Fatal(err)
	}
	judge := NewJudge(truth)
	for i := range judge.Models {
		judge.Models[i].Arch.Model = s.Model
	}
	corpus, err := text.Read(*ablation)
	if err != nil {
		t.Fatal(err)
	}
	train, held := text.Split(corpus)
	tokens, err := text.Learn(train, s.Model.Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	task, err := text.NewCorpus(tokens.Encode(nil, train), tokens.Encode(nil, held), tokens.Vocabulary(), 64, false)
	if err != nil {
		t.Fatal(err)
	}
	return task, judge, s
}

// report logs how e does on the models of the judge.
func report(t *testing.T, j *Judge, e Evaluator) {
	t.Helper()
	var scores []float64
	for _, m := range j.Models {
		s, err := e.Evaluate(context.Background(), m.Arch)
		if err != nil {
			t.Fatal(err)
		}
		scores = append(scores, s.Value)
	}
	r := j.Rank("", scores)
	b := r.Bands[0]
	right := func(c Figure) float64 { return 50 * (1 + float64(c)) }
	t.Logf("mean loss %.4f nats; of %d pairs within 5 %% %.0f [%.0f, %.0f] %% right; tau %.3f",
		-statistics.Mean(scores), b.Pairs, right(b.Concordance), right(b.Low), right(b.High), r.Tau)
}

// TestLessonsAblation says what trainings at a tenth of the truth's tokens gain from a
// supernet that TestAblation trained.
func TestLessonsAblation(t *testing.T) {
	if *ablation == "" {
		t.Skip("takes minutes: -ablation stories.txt -ablation-keep DIR")
	}
	task, judge, _ := stories(t)
	exec, err := nn.NewExec[float32](2, "")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2) {
		net, err := nn.Load(filepath.Join(*ablationKeep, fmt.Sprintf("usual-%d", seed+1)), exec)
		if err != nil {
			t.Fatal(err)
		}
		half := nn.Distillation{Weight: 0.5, Temperature: 1}
		for _, v := range []struct {
			name    string
			lessons Lessons
			rate    float64
		}{
			{"scratch", Lessons{}, 3e-3},
			{"taught", Lessons{From: net.Model, Distillation: half}, 3e-3},
			{"inherited", Lessons{From: net.Model, Inherit: true}, 3e-3},
			{"inherited-slow", Lessons{From: net.Model, Inherit: true}, 1e-3},
			{"both", Lessons{From: net.Model, Inherit: true, Distillation: half}, 3e-3},
		} {
			t.Run(fmt.Sprintf("%s-%d", v.name, seed+1), func(t *testing.T) {
				r := nn.DefaultRecipe(60)
				r.Sequence, r.Seed, r.Rate = 64, seed+1, v.rate
				report(t, judge, NewTrain(Training{Task: task, Recipe: r, Threads: 2, HeldOut: 48}, v.lessons))
			})
		}
	}
}
