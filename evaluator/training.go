package evaluator

import (
	"math"

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
