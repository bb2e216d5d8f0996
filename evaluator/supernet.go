package evaluator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/space"
)

// Supernet scores by slices of one network that was trained for the whole space,
// quantised to int8 and run by the kernels that latency is measured with.
type Supernet struct {
	Training
	Float bool // score in float32 instead
	path  string
	net   *nn.Supernet
	hard  []float64  // of the held-out batches
	mu    sync.Mutex // of net, which scores in float32 one at a time
}

// TrainSupernet trains a supernet of s, or goes on with the one that path holds, and
// saves it there; an empty path keeps nothing. When ctx ends it is saved too and
// given back as far as it came, with the error of ctx.
func TrainSupernet(ctx context.Context, s *space.Space, t Training, form nn.SupernetForm, path string) (*Supernet, error) {
	own := *s
	own.Model = t.adapt(s.Model)
	e, err := nn.NewExec[float32](t.Threads, "")
	if err != nil {
		return nil, err
	}
	net, err := openSupernet(path, &own, t.Recipe, form, e)
	if err != nil {
		return nil, err
	}
	checkpoints := newRhythm()
	err = net.Run(ctx, t.Task, func(p nn.Progress) error {
		if t.Within != nil {
			net.Recipe.Steps, net.Form = t.Within.fit(p.Step, net.Recipe.Steps, net.Form)
			net.Warmup, p.Steps = min(net.Warmup, net.Recipe.Steps), net.Recipe.Steps
		}
		if t.Progress != nil {
			t.Progress(p)
		}
		if path == "" {
			return nil
		}
		return checkpoints.save(p.Step == p.Steps, func() error { return net.Save(path) })
	})
	trained := &Supernet{Training: t, net: net, hard: t.difficulty(), path: path}
	if err == nil {
		return trained, nil
	}
	if ctx.Err() == nil {
		return nil, err
	}
	return trained, errors.Join(err, trained.save())
}

func (s *Supernet) save() error {
	if s.path == "" {
		return nil
	}
	return s.net.Save(s.path)
}

// Steps are those that the supernet was trained for.
func (s *Supernet) Steps() int { return s.net.Step() }

// Conclude ends the training of a supernet where it is, as if its recipe said so.
func (s *Supernet) Conclude() error {
	s.net.Recipe.Steps = s.net.Step()
	s.net.Warmup = min(s.net.Warmup, s.net.Step())
	return s.save()
}

func (s *Supernet) Name() string { return "supernet" }
func (s *Supernet) Unit() string {
	if s.Float {
		return unitNats + ", float32"
	}
	return unitNats + ", int8"
}
func (*Supernet) Kind() Kind { return Sampled }
func (*Supernet) Cost() Cost { return Costly }

// Evaluate slices a out and runs it on the held-out batches, on one thread in int8.
func (s *Supernet) Evaluate(ctx context.Context, a space.Arch) (Score, error) {
	losses, err := s.losses(ctx, a, s.Float)
	if err != nil {
		return Score{}, err
	}
	return scoreOf(losses, s.hard), nil
}

// losses are those of the held-out batches.
func (s *Supernet) losses(ctx context.Context, a space.Arch, float bool) ([]float64, error) {
	a.Model = s.adapt(a.Model)
	net, err := s.net.Slice(a)
	if err != nil {
		return nil, fmt.Errorf("evaluator: supernet: %w", err)
	}
	if err := s.show(s.net.Model, net); err != nil {
		return nil, err
	}
	if float {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.net.Evaluate(net, s.Task, s.heldOut())
	}
	q, err := newInt8(s.net.Model, net, s.Recipe.Batch, s.Recipe.Sequence)
	if err != nil {
		return nil, err
	}
	defer q.close()
	batch, losses := text.NewBatch(s.Recipe.Batch, s.Recipe.Sequence), make([]float64, s.heldOut())
	for i := range losses {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.Task.Held(i, batch)
		if losses[i], err = q.loss(batch); err != nil {
			return nil, err
		}
	}
	return losses, nil
}

// openSupernet goes on with the file at path, if there is one.
func openSupernet(path string, s *space.Space, r nn.Recipe, form nn.SupernetForm, e *nn.Exec[float32]) (*nn.Supernet, error) {
	if path != "" {
		if _, err := os.Stat(path); err == nil {
			return nn.LoadSupernet(path, s, r, form, e)
		}
	}
	return nn.NewSupernet(s, r, form, e)
}
