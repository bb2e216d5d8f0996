package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"nas/evaluator/text"
	"nas/space"
)

// Recipe is how a model is trained.
type Recipe struct {
	Steps    int     `json:"steps"`
	Batch    int     `json:"batch"`    // sequences of a step
	Sequence int     `json:"sequence"` // tokens of one
	Rate     float64 `json:"rate"`     // the peak of the learning rate
	Warmup   int     `json:"warmup"`   // steps
	Decay    float64 `json:"decay"`
	Clip     float64 `json:"clip"` // of the length of all gradients
	Seed     uint64  `json:"seed"`
}

// DefaultRecipe trains small models well: 3e-3 for AdamW, a tenth of the steps to
// warm up.
func DefaultRecipe(steps int) Recipe {
	return Recipe{Steps: steps, Batch: 16, Sequence: 128, Rate: 3e-3, Warmup: max(steps/10, 1), Decay: 0.1, Clip: 1, Seed: 1}
}

// Limits of a Recipe, so that a hostile file asks for no absurd memory.
const (
	maxSteps    = 100_000_000
	maxBatch    = 4096
	maxSequence = 1 << 17
)

// Validate reports what of r cannot be.
func (r Recipe) Validate(m space.Model) error {
	finite := func(v, low, high float64) bool { return v >= low && v <= high }
	switch {
	case r.Steps < 1 || r.Steps > maxSteps:
		return fmt.Errorf("nn: %d steps are outside 1…%d", r.Steps, maxSteps)
	case r.Batch < 1 || r.Batch > maxBatch:
		return fmt.Errorf("nn: batches of %d sequences are outside 1…%d", r.Batch, maxBatch)
	case r.Sequence < 1 || r.Sequence > min(m.Positions, maxSequence):
		return fmt.Errorf("nn: sequences of %d tokens are outside 1…%d", r.Sequence, min(m.Positions, maxSequence))
	case !finite(r.Rate, 0, 1) || !finite(r.Decay, 0, 1) || !finite(r.Clip, 1e-6, 1e6):
		return fmt.Errorf("nn: learning rate %v, decay %v or clip %v make no sense", r.Rate, r.Decay, r.Clip)
	case r.Warmup < 0 || r.Warmup > r.Steps:
		return fmt.Errorf("nn: %d of %d steps to warm up", r.Warmup, r.Steps)
	}
	return nil
}

// Diverged says at which step a loss or a gradient was no number.
type Diverged struct{ Step int }

func (d *Diverged) Error() string {
	return fmt.Sprintf("nn: training diverged at step %d: the loss or a gradient is not a finite number", d.Step)
}

// Trainer trains a Model by a Recipe. Its state after a step depends on the recipe,
// the task and the number of the step alone, so that a Trainer read from a file goes
// on as if it had never stopped.
type Trainer struct {
	*Model[float32]
	Recipe
	Form      SupernetForm // zero but for a Supernet's
	Curve     Curve
	data      string // the digest of the task that it began with; empty: none yet
	optimiser *Optimiser[float32]
	pass      *Pass[float32]
	teacher   *Pass[float32] // nil: none
	lesson    Distillation
	spare     []float32
}

// NewTrainer prepares to train a fresh model of a.
func NewTrainer(a space.Arch, r Recipe, e *Exec[float32]) (*Trainer, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	if err := r.Validate(a.Model); err != nil {
		return nil, err
	}
	t := &Trainer{Model: NewModel[float32](a, r.Seed), Recipe: r}
	t.bind(e)
	return t, nil
}

// Learn has every step learn from what a trained model of the same vocabulary says of
// its batch too.
func (t *Trainer) Learn(from *Model[float32], d Distillation) error {
	if from.Arch.Vocabulary != t.Arch.Vocabulary || from.Arch.Family != t.Arch.Family {
		return fmt.Errorf("nn: a teacher of %d tokens for a model of %d, or of another family", from.Arch.Vocabulary, t.Arch.Vocabulary)
	}
	net := from.Whole()
	t.teacher, t.lesson = &Pass[float32]{Exec: t.pass.Exec, Tape: NewTape[float32](net, t.Batch, t.Sequence), Net: net, Model: from}, d
	return nil
}

func (t *Trainer) bind(e *Exec[float32]) {
	t.optimiser = NewOptimiser(t.Model)
	t.pass = &Pass[float32]{Exec: e, Tape: NewTape[float32](t.Whole(), t.Batch, t.Sequence), Net: t.Whole(), Model: t.Model}
}

// TrainingBytes is the memory that training a takes, in bytes: parameters, gradients
// and two moments, and the tape.
func TrainingBytes(a space.Arch, batch, sequence int) int64 {
	tensors := layout(a, false)
	last := tensors[len(tensors)-1]
	empty := &Model[float32]{Arch: a, Tensors: tensors}
	return 4*4*int64(last.Offset+last.Size()) + TapeBytes(empty.Whole(), batch, sequence)
}

// Step is the number of steps done.
func (t *Trainer) Step() int { return t.optimiser.Step }

// Progress is one step of a training.
type Progress struct {
	Step, Steps int
	Loss        float64 // nats per token
	Norm        float64 // of the gradients, before they are clipped
}

// Run trains until the recipe's steps are done or ctx ends, whose error it then
// returns. After every step it calls progress, unless that is nil; an error of it
// ends the run too. A *Diverged leaves the parameters as they were before that step.
func (t *Trainer) Run(ctx context.Context, task text.Task, progress func(Progress) error) error {
	if err := t.start(task); err != nil {
		return err
	}
	batch := text.NewBatch(t.Batch, t.Sequence)
	for t.Step() < t.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		step := t.Step()
		task.Draw(rand.New(rand.NewPCG(t.Seed, uint64(step))), batch)
		p, err := t.step(batch)
		if err != nil {
			return err
		}
		if progress != nil {
			if err := progress(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// start checks that t may train on a task.
func (t *Trainer) start(task text.Task) error {
	switch {
	case task.Vocabulary() > t.Arch.Vocabulary:
		return fmt.Errorf("nn: a task of %d tokens for a model of %d", task.Vocabulary(), t.Arch.Vocabulary)
	case t.data != "" && t.data != task.Digest():
		return fmt.Errorf("nn: it was trained on another text or task (%s, not %s)", t.data, task.Digest())
	}
	t.data = task.Digest()
	return nil
}

// On reports whether t was trained on the task, or on none yet.
func (t *Trainer) On(task text.Task) bool { return t.data == "" || t.data == task.Digest() }

// step takes one step on a batch.
func (t *Trainer) step(batch text.Batch) (Progress, error) {
	step := t.Step()
	t.pass.Forward(batch)
	var loss float64
	if t.teacher != nil {
		t.teacher.Forward(batch)
		t.spare = slices.Grow(t.spare[:0], len(t.pass.Logits()))[:len(t.pass.Logits())]
		loss = t.pass.Distil(t.teacher.Logits(), t.spare, t.lesson).Truth
	} else {
		loss = t.pass.CrossEntropy(1).Mean
	}
	t.pass.Backward(batch)
	return t.update(step, loss)
}

// update ends a step whose gradients are there.
func (t *Trainer) update(step int, loss float64) (Progress, error) {
	if norm := GradientNorm(t.pass.Exec, t.Grads); !finite(loss) || !finite(norm) {
		clear(t.Grads)
		return Progress{}, &Diverged{step + 1}
	}
	norm := t.optimiser.Update(t.pass.Exec, t.Model, Rate(t.Rate, step, t.Warmup, t.Steps), t.Decay, t.Clip)
	t.Curve.add(step+1, t.Steps, loss)
	return Progress{step + 1, t.Steps, loss, norm}, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Evaluate is the loss of a net on held-out batches of a task, batch by batch: nats a
// token, means over equally many tokens wherever each is asked for as much.
func (t *Trainer) Evaluate(n *Net, task text.Task, batches int) ([]float64, error) {
	if batches < 1 {
		return nil, errors.New("nn: nothing to evaluate")
	}
	p := *t.pass
	p.Net = n
	batch, losses := text.NewBatch(t.Batch, t.Sequence), make([]float64, batches)
	for i := range losses {
		task.Held(i, batch)
		p.Forward(batch)
		losses[i] = p.CrossEntropy(1).Mean
	}
	return losses, nil
}
