package main

import (
	"cmp"
	"context"
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
	distil     float64
	float      bool
}

func (l *learning) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.corpus, "corpus", "", "text to train on: a UTF-8 `file` or a folder of them")
	f.StringVar(&l.task, "task", text.SyntheticNames[0], "`name` of a synthetic task, without --corpus: "+strings.Join(text.SyntheticNames, ", "))
	f.IntVar(&l.vocabulary, "vocab", 0, "tokens to learn from the corpus (0: as many as the space has, up to 8192), or symbols of the synthetic task (0: 64)")
	f.IntVar(&l.steps, "steps", 0, "training steps, of each architecture or of the supernet; 0: 1000, or of a supernet what fits into --time")
	f.IntVar(&l.batch, "train-batch", 16, "sequences of a step")
	f.IntVar(&l.sequence, "train-sequence", 128, "tokens of a sequence in training")
	f.Float64Var(&l.rate, "rate", 3e-3, "peak of the learning rate")
	f.IntVar(&l.heldOut, "held-out", 16, "batches of held-out text that a score is taken on")
	f.StringVar(&l.supernet, "supernet", "", "`file` that keeps the supernet: trained on from where it is, and read when it is done; of --evaluator train: a trained one whose slices trainings begin with")
	f.Float64Var(&l.distil, "distil", 0, "`share` of what a training learns from the whole of --supernet, the one teacher there is, rather than from the text")
	f.BoolVar(&l.float, "float32", false, "score the supernet's slices, or given weights, in float32, not in int8")
}

const (
	// ownVocabulary is the largest vocabulary that is learnt because a space has it: the
	// logits of 2048 tokens then take 64 MiB.
	ownVocabulary     = 8192
	commonVocabulary  = 4096 // in the place of a larger one
	leastVocabulary   = 257  // of byte pairs: bytes and a mask
	syntheticSymbols  = 64
	stepsWithoutLimit = 1000
)

// tokens are how many to learn for models of a vocabulary.
func (l *learning) tokens(vocabulary int) int {
	switch {
	case l.vocabulary != 0:
		return l.vocabulary
	case l.corpus == "":
		return syntheticSymbols
	case vocabulary > ownVocabulary:
		return commonVocabulary
	}
	return max(vocabulary, leastVocabulary)
}

// training makes the task and the recipe for architectures of a model.
func (a *app) training(e *scoring, m space.Model) (t evaluator.Training, err error) {
	l := &e.learning
	steps := cmp.Or(l.steps, stepsWithoutLimit)
	t = evaluator.Training{Threads: runtime.NumCPU(), HeldOut: l.heldOut, Recipe: nn.DefaultRecipe(max(steps, 1))}
	r := &t.Recipe
	r.Steps, r.Batch, r.Sequence, r.Rate, r.Seed = steps, l.batch, l.sequence, l.rate, e.seed
	if err := r.Validate(m); err != nil {
		return t, bad(err, "nas evaluate --help lists the flags of training")
	}
	if l.heldOut < 1 || l.heldOut > 100000 {
		return t, bad(fmt.Errorf("--held-out %d is outside 1…100000", l.heldOut), "--held-out 16 is the default")
	}
	masked := m.Family == space.Encoder
	if l.corpus == "" {
		t.Task, err = text.NewSynthetic(l.task, min(l.tokens(m.Vocabulary), text.MaxVocabulary), masked)
		if err != nil {
			return t, bad(err, "--task %s --vocab 64, or --corpus FILE for a text of yours", text.SyntheticNames[0])
		}
		e.data = t.Task.Digest()
		e.warn(a, synthetic(l.task, masked))
		return t, nil
	}
	corpus, err := text.Read(l.corpus)
	if err != nil {
		return t, bad(err, corpusHint)
	}
	train, held := text.Split(corpus)
	if e.tokeniser == nil {
		folder := os.TempDir()
		if cache, err := os.UserCacheDir(); err == nil {
			folder = filepath.Join(cache, "nas")
		}
		if e.tokeniser, err = text.Cached(folder, train, l.tokens(m.Vocabulary)); err != nil {
			return t, bad(err, "leave --vocab out: it is then that of the space")
		}
		a.phase("%s: %s, %d tokens learnt", l.corpus, results.Bytes(int64(len(corpus))), e.tokeniser.Vocabulary())
	}
	learnt := e.tokeniser.Vocabulary()
	if learnt != m.Vocabulary {
		e.warn(a, fmt.Sprintf("scores are of a vocabulary of %d tokens, memory and latency of %d: a space with vocabulary: %d has them alike", learnt, m.Vocabulary, learnt))
	}
	t.Task, err = text.NewCorpus(e.tokeniser.Encode(nil, train), e.tokeniser.Encode(nil, held), learnt, l.sequence, masked)
	if err != nil {
		return t, bad(err, "a longer text or a shorter --train-sequence")
	}
	e.data = t.Task.Digest()
	return t, nil
}

// synthetic says how much scores of a synthetic task mean.
func synthetic(task string, masked bool) string {
	words := fmt.Sprintf("scores are of the synthetic task %s, not of a text: ", task)
	if masked {
		return words + "how it orders encoders was not measured; --corpus FILE trains on a text"
	}
	right := text.SyntheticRight[task]
	return words + fmt.Sprintf("its order of 24 small decoders agreed with text loss in %d %% [%d, %d] of the pairs of nearly equal size, that of total parameters in 75 %%; --corpus FILE trains on a text",
		right[0], right[1], right[2])
}

// learner makes an evaluator that trains, for architectures of one family.
func (a *app) learner(ctx context.Context, e *scoring, s *space.Space, models []model) error {
	m := s.Model
	if e.name == "train" && len(models) > 0 {
		m = models[0].arch.Model
	}
	t, err := a.training(e, m)
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
	if e.save != "" {
		t.Trained = func(m *nn.Model[float32], n *nn.Net) error {
			if err := evaluator.SaveWeights(e.save, m, n, e.tokeniser); err != nil {
				return err
			}
			a.phase("weights written to %s", e.save)
			return nil
		}
	}
	if e.name == "supernet" {
		return a.supernet(ctx, e, s, t)
	}
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
	lessons, err := e.lessons(t)
	if err != nil {
		return err
	}
	train := evaluator.NewTrain(t, lessons)
	train.Checkpoint = e.checkpoint
	e.evaluator = train
	return nil
}

// lessons are what trainings have from a supernet.
func (e *scoring) lessons(t evaluator.Training) (l evaluator.Lessons, err error) {
	switch {
	case !(e.distil >= 0 && e.distil <= 1):
		return l, bad(fmt.Errorf("--distil %v is outside 0…1", e.distil), "--distil 0.5")
	case e.distil > 0 && e.learning.supernet == "":
		return l, bad(errMissing("--supernet FILE, to learn from"), supernetHint)
	case e.learning.supernet == "":
		return l, nil
	}
	exec, err := nn.NewExec[float32](t.Threads, "")
	if err != nil {
		return l, err
	}
	net, err := nn.Load(e.learning.supernet, exec)
	if err == nil && net.Arch.Vocabulary != t.Task.Vocabulary() {
		err = fmt.Errorf("%s: it knows %d tokens, the task %d", e.learning.supernet, net.Arch.Vocabulary, t.Task.Vocabulary())
	}
	if err != nil {
		return l, bad(err, supernetHint)
	}
	e.origin = net.Digest()
	return evaluator.Lessons{From: net.Model, Inherit: true, Distillation: nn.Distillation{Weight: e.distil, Temperature: 1}}, nil
}
