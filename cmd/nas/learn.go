package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nas/evaluator"
	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/results"
	"nas/space"
)

// learning is how evaluators that train are asked to.
type learning struct {
	corpus     string
	task       string
	vocabulary int
	steps      int
	batch      int
	sequence   int
	rate       float64
	heldOut    int
	supernet   string
	float      bool
}

// learningFlags are the flags of learning, those of the supernet last.
var learningFlags = []string{"corpus", "task", "vocab", "steps", "train-batch", "train-sequence", "rate", "held-out", "supernet", "float32"}

func (l *learning) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.corpus, "corpus", "", "text to train on: a UTF-8 `file` or a folder of them")
	f.StringVar(&l.task, "task", "recall", "`name` of a synthetic task, without --corpus: "+strings.Join(text.SyntheticNames, ", "))
	f.IntVar(&l.vocabulary, "vocab", 4096, "tokens to learn from the corpus, or symbols of the synthetic task")
	f.IntVar(&l.steps, "steps", 1000, "training steps, of each architecture or of the supernet")
	f.IntVar(&l.batch, "train-batch", 16, "sequences of a step")
	f.IntVar(&l.sequence, "train-sequence", 128, "tokens of a sequence in training")
	f.Float64Var(&l.rate, "rate", 3e-3, "peak of the learning rate")
	f.IntVar(&l.heldOut, "held-out", 16, "batches of held-out text that a score is taken on")
	f.StringVar(&l.supernet, "supernet", "", "`file` that keeps the supernet: trained on from where it is, and read when it is done")
	f.BoolVar(&l.float, "float32", false, "score the supernet's slices in float32, not in int8")
}

// training makes the task and the recipe for architectures of a model.
func (a *app) training(l *learning, m space.Model, seed uint64) (t evaluator.Training, err error) {
	t = evaluator.Training{Threads: runtime.NumCPU(), HeldOut: l.heldOut, Recipe: nn.DefaultRecipe(max(l.steps, 1))}
	r := &t.Recipe
	r.Steps, r.Batch, r.Sequence, r.Rate, r.Seed = l.steps, l.batch, l.sequence, l.rate, seed
	if err := r.Validate(m); err != nil {
		return t, bad(err, "nas evaluate --help lists the flags of training")
	}
	if l.heldOut < 1 || l.heldOut > 100000 {
		return t, bad(fmt.Errorf("--held-out %d is outside 1…100000", l.heldOut), "--held-out 16 is the default")
	}
	masked := m.Family == space.Encoder
	if l.corpus == "" {
		t.Task, err = text.NewSynthetic(l.task, min(l.vocabulary, text.MaxVocabulary), masked)
		if err != nil {
			return t, bad(err, "--task recall --vocab 64, or --corpus FILE for a text of yours")
		}
		return t, nil
	}
	corpus, err := text.Read(l.corpus)
	if err != nil {
		return t, bad(err, "--corpus takes UTF-8 text: a file or a folder of them")
	}
	train, held := text.Split(corpus)
	folder := os.TempDir()
	if cache, err := os.UserCacheDir(); err == nil {
		folder = filepath.Join(cache, "nas")
	}
	tokeniser, err := text.Cached(folder, train, l.vocabulary)
	if err != nil {
		return t, bad(err, "--vocab 4096 is the default")
	}
	a.phase("%s: %s, %d tokens learnt", l.corpus, results.Bytes(int64(len(corpus))), tokeniser.Vocabulary())
	t.Task, err = text.NewCorpus(tokeniser.Encode(nil, train), tokeniser.Encode(nil, held), tokeniser.Vocabulary(), l.sequence, masked)
	if err != nil {
		return t, bad(err, "a longer text or a shorter --train-sequence")
	}
	return t, nil
}

// learner makes an evaluator that trains, for architectures of one family.
func (a *app) learner(ctx context.Context, e *scoring, s *space.Space, models []model) error {
	m := s.Model
	if e.name == "train" && len(models) > 0 {
		m = models[0].arch.Model
	}
	t, err := a.training(&e.learning, m, e.seed)
	if err != nil {
		return err
	}
	begin := time.Now()
	first := -1
	t.Progress = func(p nn.Progress) {
		if p.Step == 1 || first < 0 {
			begin, first = time.Now(), p.Step
		}
		each := time.Since(begin) / time.Duration(max(p.Step-first, 1))
		speed := float64(t.Recipe.Batch*t.Recipe.Sequence) / max(each.Seconds(), 1e-9)
		a.progress(each*time.Duration(p.Steps-p.Step), "step %d of %d: loss %.3f, %.0f tokens/s", p.Step, p.Steps, p.Loss, speed)
	}
	if e.name == "train" {
		largest, _ := nn.Union(s)
		archs := []space.Arch{largest}
		if len(models) > 0 {
			archs = nil
		}
		for _, m := range models {
			archs = append(archs, m.arch)
		}
		var bytes int64
		for _, arch := range archs {
			arch.Vocabulary = t.Task.Vocabulary()
			bytes = max(bytes, nn.TrainingBytes(arch, t.Recipe.Batch, t.Recipe.Sequence))
		}
		a.phase("training on %d tokens each; up to %s of memory", t.Recipe.Steps*t.Recipe.Batch*t.Recipe.Sequence, results.Bytes(bytes))
		e.evaluator = evaluator.NewTrain(t, evaluator.Lessons{})
		return nil
	}
	own := *s
	own.Model.Vocabulary = t.Task.Vocabulary()
	union, _ := nn.Union(&own)
	a.phase("the supernet of %s: %s of memory", s.Name, results.Bytes(nn.TrainingBytes(union, t.Recipe.Batch, t.Recipe.Sequence)))
	net, err := evaluator.TrainSupernet(ctx, s, t, nn.DefaultSupernetForm(t.Recipe.Steps), e.supernet)
	var diverged *nn.Diverged
	switch {
	case ctx.Err() != nil:
		return &fault{exitStopped, errors.New("stopped early in the training of the supernet"), "the same command with --supernet FILE goes on from where it was stopped"}
	case errors.As(err, &diverged):
		return failed(err, "a lower --rate than %g; a file of --supernet holds the last good state", t.Recipe.Rate)
	case err != nil:
		return bad(err, "another --supernet FILE, or none, trains a new one")
	}
	net.Float = e.float
	e.evaluator = net
	return nil
}
