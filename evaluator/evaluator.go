// Package evaluator says how good an architecture may become: proxies for the
// accuracy that only training would tell, each with the resolution it has.
package evaluator

import (
	"context"
	"fmt"
	"math"

	"nas/space"
)

// Score is a proxy's opinion of an architecture; more is better. A loss is scored
// as the negative loss in nats per token.
type Score struct {
	Value      float64
	Resolution float64 // two scores closer than the larger one's Resolution are a tie
}

// sampled is the score of a mean with a standard error: its Resolution is the
// difference of two such means that 95 % of the differences by chance stay below.
func sampled(value, standardError float64) Score {
	return Score{Value: value, Resolution: 1.96 * math.Sqrt2 * standardError}
}

// Kind is where a score comes from.
type Kind uint8

const (
	Exact   Kind = iota // computed: the same whenever asked
	Sampled             // measured, with an error of its own: training, held-out text
	Fitted              // predicted by a model of others' scores
)

// Cost is the class of what one score takes.
type Cost uint8

const (
	Instant Cost = iota // microseconds: asked for every architecture that a search meets
	Quick               // up to 10 ms: asked for thousands
	Costly              // more: asked for a sample, and a surrogate answers for the rest
)

func (k Kind) String() string { return [...]string{"exact", "sampled", "fitted"}[k] }
func (c Cost) String() string { return [...]string{"instant", "quick", "costly"}[c] }

// Evaluator scores architectures. It is safe for concurrent use. An error of
// Evaluate is about that architecture alone, unless it is ctx's.
type Evaluator interface {
	Name() string
	Unit() string // of Score.Value
	Kind() Kind
	Cost() Cost
	Evaluate(ctx context.Context, a space.Arch) (Score, error)
}

// Additive is an Evaluator whose value is a sum over layers, for a search that adds
// up.
type Additive interface {
	Evaluator
	Base(a space.Arch) float64 // what does not depend on the layers
	Layer(m space.Model, hidden int, l space.Layer) float64
}

// Names are the evaluators that ByName knows.
func Names() []string { return []string{"capacity"} }

// ByName is the evaluator of that name.
func ByName(name string) (Additive, error) {
	if name == "capacity" {
		return Capacity{}, nil
	}
	return nil, fmt.Errorf("evaluator: unknown evaluator %.40q: there is %v", name, Names())
}
