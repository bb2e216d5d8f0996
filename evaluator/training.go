package evaluator

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/internal/statistics"
	"nas/space"
)

// Training is what evaluators that train have in common.
type Training struct {
	Task    text.Task
	Recipe  nn.Recipe
	HeldOut int // batches that a score is taken on, the same for all architectures; 0: 16
	Threads int
	// Progress is called after every step; may be nil.
	Progress func(nn.Progress)
	// Trained is shown what is scored, as a slice of a model; may be nil.
	Trained func(*nn.Model[float32], *nn.Net) error
}

const unitNats = "negative nats per token, held out"

func (t *Training) heldOut() int {
	if t.HeldOut > 0 {
		return t.HeldOut
	}
	return 16
}

// adapt gives a the vocabulary of the task: the text's, not the one that the space
// was meant for, which changes nothing outside the embedding.
func (t *Training) adapt(m space.Model) space.Model {
	m.Vocabulary = t.Task.Vocabulary()
	return m
}

func (t *Training) show(m *nn.Model[float32], n *nn.Net) error {
	if t.Trained == nil {
		return nil
	}
	return t.Trained(m, n)
}

// score is that of losses on held-out batches. Its standard error is that of what is
// left of them when the difficulty of the batches is accounted for, where the task
// knows that: what remains tells two architectures apart on the same batches.
func (t *Training) score(losses []float64) Score {
	rest := losses
	if c, ok := t.Task.(*text.Corpus); ok {
		batch, difficulty := text.NewBatch(t.Recipe.Batch, t.Recipe.Sequence), make([]float64, len(losses))
		for i := range difficulty {
			c.Held(i, batch)
			difficulty[i] = c.Difficulty(batch)
		}
		rest = statistics.Residuals(losses, difficulty)
	}
	e := statistics.StandardError(rest)
	if math.IsNaN(e) {
		e = 0
	}
	return sampled(-statistics.Mean(losses), e)
}

// Train scores by training from scratch on the task, for as long as the recipe says.
type Train struct {
	Training
	turn   chan struct{}
	mu     sync.Mutex
	curves map[string][]Point
}

// Point of a learning curve.
type Point struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"` // mean of the steps since the last point, nats per token
}

// points are how many a learning curve has.
const points = 20

// NewTrain makes an evaluator that trains one architecture at a time.
func NewTrain(t Training) *Train {
	return &Train{Training: t, turn: make(chan struct{}, 1), curves: map[string][]Point{}}
}

func (*Train) Name() string { return "train" }
func (*Train) Unit() string { return unitNats }
func (*Train) Kind() Kind   { return Sampled }
func (*Train) Cost() Cost   { return Costly }

// Evaluate trains a. It takes seconds to minutes.
func (t *Train) Evaluate(ctx context.Context, a space.Arch) (Score, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return Score{}, ctx.Err()
	}
	key := a.Key()
	a.Model = t.adapt(a.Model)
	e, err := nn.NewExec[float32](t.Threads, "")
	if err != nil {
		return Score{}, err
	}
	trainer, err := nn.NewTrainer(a, t.Recipe, e)
	if err != nil {
		return Score{}, err
	}
	var curve []Point
	var since []float64
	err = trainer.Run(ctx, t.Task, func(p nn.Progress) error {
		if since = append(since, p.Loss); p.Step*points/p.Steps > (p.Step-1)*points/p.Steps {
			curve, since = append(curve, Point{p.Step, statistics.Mean(since)}), nil
		}
		if t.Progress != nil {
			t.Progress(p)
		}
		return nil
	})
	t.mu.Lock()
	t.curves[key] = curve
	t.mu.Unlock()
	if err != nil {
		return Score{}, err
	}
	if err := t.show(trainer.Model, trainer.Whole()); err != nil {
		return Score{}, err
	}
	losses, err := trainer.Evaluate(trainer.Whole(), t.Task, t.heldOut())
	if err != nil {
		return Score{}, err
	}
	return t.score(losses), nil
}

// Curve is the learning curve of an architecture that was evaluated.
func (t *Train) Curve(a space.Arch) []Point {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.curves[a.Key()]
}

// Supernet scores by slices of one network that was trained for the whole space,
// quantised to int8 and run by the kernels that latency is measured with.
type Supernet struct {
	Training
	Float bool // score in float32 instead
	net   *nn.Supernet
	exec  *nn.Exec[float32]
	mu    sync.Mutex
}

// saveEvery is the time between checkpoints of a supernet.
const saveEvery = 30 * time.Second

// TrainSupernet trains a supernet of s, or goes on with the one that path holds, and
// saves it there; an empty path keeps nothing. When ctx ends it is saved too.
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
	saved := time.Now()
	err = net.Run(ctx, t.Task, func(p nn.Progress) error {
		if t.Progress != nil {
			t.Progress(p)
		}
		if path != "" && (time.Since(saved) > saveEvery || p.Step == p.Steps) {
			saved = time.Now()
			return net.Save(path)
		}
		return nil
	})
	if err != nil {
		if path != "" && ctx.Err() != nil {
			if err := net.Save(path); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	return &Supernet{Training: t, net: net, exec: e}, nil
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

// Evaluate slices a out and runs it on the held-out batches.
func (s *Supernet) Evaluate(ctx context.Context, a space.Arch) (Score, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	losses, err := s.losses(ctx, a, s.Float)
	if err != nil {
		return Score{}, err
	}
	return s.score(losses), nil
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
		return s.net.Evaluate(net, s.Task, s.heldOut())
	}
	q, err := newInt8(s.net.Model, net, s.Recipe.Batch, s.Recipe.Sequence, s.Threads, s.exec)
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
