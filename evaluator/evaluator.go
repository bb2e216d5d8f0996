// Package evaluator says how good an architecture may become: proxies for the
// accuracy that only training would tell, each with the resolution it has.
package evaluator

import (
	"context"
	"fmt"
	"math"

	"nas/space"
)

// Score is a proxy's opinion of an architecture; more is better.
type Score struct {
	Value      float64
	Resolution float64 // two scores closer than the larger one's Resolution are a tie
}

// Tie reports whether the evaluator that gave a and b can tell them apart.
func Tie(a, b Score) bool {
	if a.Value < b.Value {
		a, b = b, a
	}
	return a.Value-b.Value < a.Resolution || math.IsNaN(a.Value-b.Value)
}

// Evaluator scores architectures. It is safe for concurrent use.
type Evaluator interface {
	Name() string
	Unit() string // of Score.Value
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
