package nn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"nas/evaluator/text"
	"nas/space"
)

// Supernet is one network that holds every architecture of a space as a slice, all
// trained together by the sandwich rule (Yu & Huang 2019): each step trains the whole,
// the smallest and some random architectures on the same text, after some steps of the
// whole alone.
//
// Two usual parts are left out. Measured on 24 trained decoders, 400 steps, two seeds:
// in-place distillation from the whole made the mean loss of slices .01 and .09 nats
// worse, ordering heads and neurons by importance changed it by −.02 and .01, and
// neither ordered more pairs of equal size right. With a tenth of the steps for the whole
// alone instead of three tenths it was .13 and .16 worse; with none, worse than with the
// tenth by .54 and .31.
type Supernet struct {
	*Trainer
	space *space.Space
}

// SupernetForm is how a Supernet is trained.
type SupernetForm struct {
	Random int `json:"random"` // architectures drawn a step, besides whole and smallest
	Alone  int `json:"alone"`  // steps at first that train the whole alone
}

// DefaultSupernetForm draws two architectures a step, after three tenths of the steps.
func DefaultSupernetForm(steps int) SupernetForm {
	return SupernetForm{Random: 2, Alone: 3 * steps / 10}
}

// Union is the architecture that is as large in everything as any of s. Where a head
// is as wide as hidden by heads, it may be larger than each of them.
func Union(s *space.Space) (a space.Arch, widened bool) {
	largest := func(choices []int, or int) int {
		if len(choices) == 0 {
			return or
		}
		return slices.Max(choices)
	}
	a.Model, a.Hidden = s.Model, slices.Max(s.Hidden)
	a.Embedding = largest(s.Embedding, a.Hidden)
	heads := slices.Max(s.Heads.Choices)
	l := space.Layer{Heads: heads, KVHeads: largest(s.KVHeads.Choices, heads), FFN: slices.Max(s.FFN.Choices),
		HeadWidth: largest(s.HeadWidth.Choices, a.Hidden/slices.Min(s.Heads.Choices))}
	for range slices.Max(s.Depth) {
		a.Layers = append(a.Layers, l)
	}
	return a, len(s.Embedding) > 0
}

// NewSupernet prepares to train a fresh supernet of s.
func NewSupernet(s *space.Space, r Recipe, f SupernetForm, e *Exec[float32]) (*Supernet, error) {
	a, widened := Union(s)
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("nn: the supernet of %q: %w", s.Name, err)
	}
	if err := r.Validate(a.Model); err != nil {
		return nil, err
	}
	t := &Trainer{Model: newModel[float32](a, widened, r.Seed), Recipe: r, Form: f}
	t.bind(e)
	return &Supernet{Trainer: t, space: s}, nil
}

// LoadSupernet goes on from a file that Save wrote. It must be of the same space and
// recipe.
func LoadSupernet(path string, s *space.Space, r Recipe, f SupernetForm, e *Exec[float32]) (*Supernet, error) {
	t, err := Load(path, e)
	if err != nil {
		return nil, err
	}
	if a, widened := Union(s); !t.Arch.Equal(a) || t.Widened != widened {
		return nil, fmt.Errorf("%s: nn: it is of another space than %q: %v", path, s.Name, t.Arch)
	}
	if t.Recipe != r || t.Form != f {
		return nil, fmt.Errorf("%s: nn: it was trained by another recipe: %+v %+v", path, t.Recipe, t.Form)
	}
	return &Supernet{Trainer: t, space: s}, nil
}

// Run is Trainer.Run for the sandwich; the loss that progress gets is the whole's.
func (s *Supernet) Run(ctx context.Context, task text.Task, progress func(Progress) error) error {
	if err := s.start(task); err != nil {
		return err
	}
	batch := text.NewBatch(s.Batch, s.Sequence)
	for s.Step() < s.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := s.sandwich(task, batch)
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

// sandwich takes one step.
func (s *Supernet) sandwich(task text.Task, batch text.Batch) (Progress, error) {
	step, p := s.Step(), s.pass
	task.Draw(rand.New(rand.NewPCG(s.Seed, uint64(step))), batch)
	p.Net = s.Whole()
	p.Forward(batch)
	loss := p.CrossEntropy(1).Mean
	p.Backward(batch)
	if step < s.Form.Alone {
		return s.update(step, loss)
	}
	for _, a := range s.students(step) {
		net, err := s.Slice(a)
		if err != nil {
			return Progress{}, err
		}
		p.Net = net
		p.Forward(batch)
		p.CrossEntropy(1)
		p.Backward(batch)
	}
	return s.update(step, loss)
}

// students are the architectures of a step besides the whole.
func (s *Supernet) students(step int) []space.Arch {
	smallest := make(space.Genes, space.GenesStem+space.GenesLayer*s.space.Depth[0])
	list := []space.Arch{s.space.Arch(smallest)}
	r := rand.New(rand.NewPCG(s.Seed, 1<<32+uint64(step)))
	for range s.Form.Random {
		list = append(list, s.space.Arch(s.space.Sample(r)))
	}
	return list
}
