package latency

import (
	"errors"
	"math"

	"nas/space"
)

// Estimate is a predicted time in nanoseconds. It is another type than Entry, which
// is measured.
type Estimate struct {
	Nanoseconds float64 // undisturbed: a sum of floors
	Low, High   float64 // see Predictor.Op
	Unknown     int     // ops that the table lacks: interpolated, not measured
}

// Predictor adds up the entries of a table. It is safe for concurrent use.
type Predictor struct {
	table   *Table
	unknown *interpolator
}

// NewPredictor makes a predictor of a table that has entries.
func NewPredictor(t *Table) (*Predictor, error) {
	if len(t.Entries) == 0 {
		return nil, errors.New("latency: the table has no entries to predict from")
	}
	return &Predictor{t, newInterpolator(t)}, nil
}

// Table is what p predicts from.
func (p *Predictor) Table() *Table { return p.table }

// Op is the time of one op. For a measured op it is the floor, in an interval from
// what the floor's own uncertainty leaves below (1 %; without quorum the gap
// between the lowest and the third lowest round) to the upper end of the median's: from an undisturbed
// machine to the one that was measured. For others it is interpolated, in a wider
// interval. It is never zero.
func (p *Predictor) Op(o space.Op) Estimate {
	e, ok := p.table.Entries[o]
	if !ok {
		return p.unknown.estimate(o)
	}
	below := min(max(e.Third/e.Floor-1, quorumTolerance), 0.5)
	return Estimate{Nanoseconds: e.Floor, Low: e.Floor * (1 - below), High: max(e.High, e.Floor*(1+quorumTolerance))}
}

// Program is the time of one run of p: the overhead and the sum over its steps. It
// adds whole picoseconds, so that any order of adding gives the same.
func (p *Predictor) Program(program *space.Program) Estimate {
	overhead := picoseconds(p.table.Overhead)
	sum, low, high, unknown := overhead, overhead, overhead, 0
	ops, count := program.Ops()
	for _, o := range ops {
		e, n := p.Op(o), int64(count[o])
		sum += n * picoseconds(e.Nanoseconds)
		low += n * picoseconds(e.Low)
		high += n * picoseconds(e.High)
		unknown += count[o] * e.Unknown
	}
	return Estimate{Nanoseconds: float64(sum) / 1000, Low: float64(low) / 1000, High: float64(high) / 1000, Unknown: unknown}
}

func picoseconds(ns float64) int64 { return int64(math.Round(ns * 1000)) }

// features are what interpolation compares: logarithms of an op's sizes, and its
// form.
func features(o space.Op) [11]float64 {
	size := func(v int) float64 { return math.Log2(float64(v + 1)) }
	flag := func(v bool) float64 {
		if v {
			return 1
		}
		return 0
	}
	return [...]float64{size(o.Batch), size(o.Rows), size(o.N), size(o.K), size(o.Heads), size(o.KVHeads), size(o.HeadWidth), size(o.Context),
		float64(o.Tables), 2 * float64(o.Activation), flag(o.Gated) + 2*flag(o.Causal) + flag(o.Rotary) + flag(o.Packed) + flag(o.Bias)/4 + flag(o.Residual)/4}
}

// work is a rough count of what an op does, in multiply-adds: times vary much less
// per unit of it than from op to op.
func work(o space.Op) float64 {
	rows := float64(o.Rows) * float64(max(o.Batch, 1))
	const float = 16 // multiply-adds that take as long as one float32 operation
	moved := 0.0
	switch o.Kind {
	case space.Embed:
		moved = rows * float64(o.N) * float64(o.Tables)
	case space.Norm:
		moved = rows * float64(o.N)
	case space.Linear:
		moved = rows*float64(o.N+o.K) + float64(o.N)*float64(o.K)/16 // weights are read once
	case space.KVStore:
		moved = rows * float64(o.Heads+2*o.KVHeads) * float64(o.HeadWidth)
	case space.Attention:
		moved = rows * float64(o.Heads) * float64(o.HeadWidth+o.Context)
	}
	return float64(o.MACs()) + float*moved + 100
}
