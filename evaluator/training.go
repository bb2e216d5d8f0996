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
	// Within shortens the training of a supernet to a time; nil: it takes what it takes.
	Within *Within
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

// difficulty is how hard each held-out batch is, where the task knows that.
func (t *Training) difficulty() (list []float64) {
	c, ok := t.Task.(*text.Corpus)
	if !ok {
		return nil
	}
	batch := text.NewBatch(t.Recipe.Batch, t.Recipe.Sequence)
	for i := range t.heldOut() {
		c.Held(i, batch)
		list = append(list, c.Difficulty(batch))
	}
	return list
}

// scoreOf is the score of losses on held-out batches. Its standard error is that of
// what is left of them when the difficulty of the batches is accounted for, where that
// is known: what remains tells two architectures apart on the same batches.
func scoreOf(losses, difficulty []float64) Score {
	rest := losses
	if difficulty != nil {
		rest = statistics.Residuals(losses, difficulty)
	}
	e := statistics.StandardError(rest)
	if math.IsNaN(e) {
		e = 0
	}
	return sampled(-statistics.Mean(losses), e)
}
