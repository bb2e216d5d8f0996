package latency

import (
	"fmt"
	"math"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

// Entry is the time of one op in nanoseconds.
type Entry struct {
	Floor   float64 // undisturbed: the lowest of the rounds
	Third   float64 // the third lowest of the rounds (the highest of fewer): how firm the floor is
	Median  float64 // of the rounds' medians
	Low     float64 // Low…High hold the true median with 95 %; the whole range where rounds are fewer than 6
	High    float64
	Rounds  int // separate rounds of measuring
	Reached int // rounds that came within 1 % of Floor
	Samples int
}

// Rules of the floor by quorum.
const (
	quorumTolerance = 0.01
	quorumRounds    = 3
)

// Quorum reports whether the floor was reached often enough to be trusted.
func (e Entry) Quorum() bool { return e.Reached >= quorumRounds }

// Table holds what was measured under its conditions.
type Table struct {
	Conditions
	Date      string  // RFC 3339
	Footprint int     // bytes of weights that repetitions walked through, see engine.Bench
	Overhead  float64 // ns of a run besides its ops
	Reference Entry   // of ReferenceOp, timed all along
	Entries   map[space.Op]Entry
}

// ReferenceOp is timed with every table, so that tables can be held against each
// other.
func ReferenceOp() space.Op {
	return space.Op{Kind: space.Linear, Rows: 64, N: 256, K: 256, Activation: space.GELU, Bias: true}
}

// Ops are the ops of t in the order of their text forms.
func (t *Table) Ops() []space.Op {
	ops := make([]space.Op, 0, len(t.Entries))
	for op := range t.Entries {
		ops = append(ops, op)
	}
	space.SortOps(ops)
	return ops
}

// WithoutQuorum is the number of entries whose floor is not to be trusted.
func (t *Table) WithoutQuorum() int {
	n := 0
	for _, e := range t.Entries {
		if !e.Quorum() {
			n++
		}
	}
	return n
}

// Lacks are those of ops that t has no entry for.
func (t *Table) Lacks(ops []space.Op) []space.Op {
	return slices.DeleteFunc(slices.Clone(ops), func(o space.Op) bool { _, ok := t.Entries[o]; return ok })
}

// series is what the rounds gave for one op: of each round the fastest sample and
// the median.
type series struct {
	fastest, medians []float64
	samples          int
}

func (s *series) add(samples []float64) {
	s.fastest = append(s.fastest, slices.Min(samples))
	s.medians = append(s.medians, statistics.Median(samples))
	s.samples += len(samples)
}

// entry sums the rounds up. The floor is the fastest sample of all; Reached counts
// the rounds that confirm it.
func (s *series) entry() Entry {
	e := Entry{Floor: slices.Min(s.fastest), Rounds: len(s.fastest), Samples: s.samples}
	for _, v := range s.fastest {
		if v <= e.Floor*(1+quorumTolerance) {
			e.Reached++
		}
	}
	e.Third = slices.Sorted(slices.Values(s.fastest))[min(quorumRounds, e.Rounds)-1]
	e.Median, e.Low, e.High, _ = statistics.MedianInterval(s.medians, 0.95)
	return e
}

// validate refuses an entry that no measuring gives.
func (e Entry) validate() error {
	for _, v := range []float64{e.Floor, e.Third, e.Median, e.Low, e.High} {
		if !(v > 0) || math.IsInf(v, 0) {
			return fmt.Errorf("a time of %v ns", v)
		}
	}
	switch {
	case e.Low > e.Median || e.Median > e.High || e.Floor > e.Low:
		return fmt.Errorf("floor %v, median %v in %v…%v ns are out of order", e.Floor, e.Median, e.Low, e.High)
	case e.Third < e.Floor || e.Reached >= quorumRounds && e.Third > e.Floor*(1+quorumTolerance):
		return fmt.Errorf("floor %v, third lowest %v ns with %d rounds at the floor", e.Floor, e.Third, e.Reached)
	case e.Rounds < 1 || e.Reached < 1 || e.Reached > e.Rounds || e.Samples < e.Rounds:
		return fmt.Errorf("floor reached in %d of %d rounds, %d samples", e.Reached, e.Rounds, e.Samples)
	}
	return nil
}
