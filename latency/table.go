package latency

import (
	"fmt"
	"math"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

// Entry is a measured time in nanoseconds.
type Entry struct {
	Floor   float64 // undisturbed: see series.entry
	Median  float64 // of the rounds' medians: what this machine gave
	Low     float64 // Low…High hold the true median with 95 %; the whole range where rounds are fewer than 6
	High    float64
	Rounds  int // separate rounds of measuring
	Reached int // rounds within 1 % (or 10 ns) of Floor
	Samples int
	Error   float64 // standard error of Floor as a share of it; 0: unknown
}

// Rules of the floor by quorum.
const (
	quorumTolerance = 0.01
	quorumRounds    = 3
	quorumErrors    = 2.6 // standard errors that are less than the tolerance, in 99 of 100 entries
	quorumPart      = 4
	clockTolerance  = 10  // ns: what reading the clock is good for
	levelWidth      = 0.1 // rounds so near the lowest are undisturbed: a neighbour on the core costs 25 % and more
)

// Quorum reports whether the floor can be trusted to 1 %: it was reached in three
// rounds, and its error is less. Of an entry whose error is unknown a quarter of the
// rounds must have reached it.
func (e Entry) Quorum() bool {
	if e.Error == 0 {
		return e.Reached >= quorumRounds && quorumPart*e.Reached >= e.Rounds
	}
	return e.Reached >= quorumRounds && quorumErrors*e.Error <= quorumTolerance
}

// confirmed reports whether the mean over an op's models can be trusted as Quorum
// says. Their errors are independent, since each round has memory of its own.
func confirmed(entries []Entry) bool {
	for _, e := range entries {
		if e.Error == 0 {
			return slices.ContainsFunc(entries, Entry.Quorum)
		}
		if e.Reached < quorumRounds {
			return false
		}
	}
	return quorumErrors*meanError(entries) <= quorumTolerance
}

// meanError is the standard error of the mean of entries, as a share.
func meanError(entries []Entry) float64 {
	sum := 0.0
	for _, e := range entries {
		sum += e.Error * e.Error
	}
	return math.Sqrt(sum) / float64(len(entries))
}

// Table holds what was measured under its conditions: whole models, and in them the
// ops that they are made of. An op is timed where it works, since its time depends
// on what its neighbours leave in the caches.
type Table struct {
	Conditions
	Date      string // RFC 3339
	Context   Context
	Pace      Pace
	Reference Entry // of ReferenceProgram, timed all along
	Models    []Model
	// Overhead and Spread are for tables without whole models, which hold both: ns of
	// a run besides its steps, and the logarithm of the factor that holds 90 %.
	Overhead, Spread float64
	// Validation is what a short validation at the end of profiling found; nil: none.
	Validation *Validation
}

// Model is a program that was measured. Imported or modelled figures, and ops that
// no model has, stand in a Model of that one op, whose Whole is zero.
type Model struct {
	Bytes int   // of weights that a run streams, see space.Program.Streamed
	Whole Entry // of a run, without looking at its steps
	Ops   []OpEntry
}

// OpEntry is the mean time of the steps of one op in a model.
type OpEntry struct {
	Op    space.Op
	Count int // steps
	Entry
}

// Complete reports whether a run of m was timed as a whole.
func (m *Model) Complete() bool { return m.Whole.Floor > 0 }

// Sum is the time of all steps: count times floor.
func (m *Model) Sum() float64 {
	sum := 0.0
	for _, o := range m.Ops {
		sum += float64(o.Count) * o.Floor
	}
	return sum
}

// together is how much longer a run takes as a whole than its steps alone, whose floors
// are lower: a factor, 1 where no run was timed as a whole.
func (m *Model) together() float64 {
	if !m.Complete() {
		return 1
	}
	return m.Whole.Floor / m.Sum()
}

// byClass is the time of the steps of each class.
func (m *Model) byClass() (sum [classes]float64) {
	for _, o := range m.Ops {
		sum[classOf(o.Op)] += float64(o.Count) * o.Floor
	}
	return sum
}

// ReferenceProgram is timed with every table, so that tables of one phase can be
// held against each other: BERT-mini, or stories15M in either phase. A whole model
// feels the clock and the caches as the models of the table do; a single kernel
// feels the clock alone.
func ReferenceProgram(p space.Phase) *space.Program {
	if p == space.Encode {
		return space.Lower(space.References(space.Encoder)[1].Arch, space.Workload{Phase: p, Batch: 1, Tokens: 128})
	}
	return space.Lower(space.References(space.Decoder)[0].Arch, space.Workload{Phase: p, Batch: 1, Tokens: 64, Context: 128})
}

// Entries are the ops of t with their entries, one for each model that has the op.
func (t *Table) Entries() map[space.Op][]Entry {
	entries := map[space.Op][]Entry{}
	for _, m := range t.Models {
		for _, o := range m.Ops {
			entries[o.Op] = append(entries[o.Op], o.Entry)
		}
	}
	return entries
}

// Ops are the ops of t in the order of their text forms.
func (t *Table) Ops() []space.Op {
	entries := t.Entries()
	ops := make([]space.Op, 0, len(entries))
	for op := range entries {
		ops = append(ops, op)
	}
	space.SortOps(ops)
	return ops
}

// WithoutQuorum is the number of ops whose floor its models together do not confirm.
func (t *Table) WithoutQuorum() int {
	n := 0
	for _, entries := range t.Entries() {
		if !confirmed(entries) {
			n++
		}
	}
	return n
}

// Lacks are those of ops that t has no entry for.
func (t *Table) Lacks(ops []space.Op) []space.Op {
	entries := t.Entries()
	return slices.DeleteFunc(slices.Clone(ops), func(o space.Op) bool { _, ok := entries[o]; return ok })
}

// Adopt takes over the models of another table, whose times are multiplied by
// factor: how much slower the machine is now.
func (t *Table) Adopt(other *Table, factor float64) {
	scaled := func(e Entry) Entry {
		for _, v := range []*float64{&e.Floor, &e.Median, &e.Low, &e.High} {
			*v *= factor
		}
		return e
	}
	for _, m := range other.Models {
		m.Whole = scaled(m.Whole)
		m.Ops = slices.Clone(m.Ops)
		for i := range m.Ops {
			m.Ops[i].Entry = scaled(m.Ops[i].Entry)
		}
		t.Models = append(t.Models, m)
	}
}

// series is what the rounds gave: of each round the fastest sample and the median.
type series struct {
	Fastest []float64 `json:"fastest_ns,omitempty"`
	Medians []float64 `json:"medians_ns,omitempty"`
	Samples int       `json:"samples"`
}

func (s *series) add(samples []float64) {
	s.Fastest = append(s.Fastest, slices.Min(samples))
	s.Medians = append(s.Medians, statistics.Median(samples))
	s.Samples += len(samples)
}

// entry sums the rounds up, brought to a pace. The floor is the mean of the lower
// half of the rounds at the undisturbed level: those within a tenth of the one below
// which an eighth is, or two where these are few, but never half. (Of the lowest that
// three rounds share within 1 %, which it replaced, two halves of one measurement
// differed two to three times as much: at any one level rounds scatter by 3 %, and the
// lowest three are luck.)
func (s *series) entry(l *looks, p Pace) Entry {
	e := Entry{Rounds: len(s.Fastest), Samples: s.Samples}
	var rounds, medians []float64
	for i := range s.Fastest {
		f := p.factor(l.at(i))
		rounds, medians = append(rounds, s.Fastest[i]*f), append(medians, s.Medians[i]*f)
	}
	slices.Sort(rounds)
	lowest := rounds[min(max(quorumRounds-1, len(rounds)/8), (len(rounds)-1)/2)]
	level := slices.DeleteFunc(slices.Clone(rounds), func(v float64) bool {
		return math.Abs(v-lowest) > max(levelWidth*lowest, clockTolerance)
	})
	e.Floor, e.Error = lowerHalf(level)
	if quorumPart*len(level) < len(rounds) {
		e.Error = max(e.Error, levelWidth)
	}
	for _, v := range rounds {
		if e.Floor <= within(v) && v <= within(e.Floor) {
			e.Reached++
		}
	}
	e.Reached = max(e.Reached, 1)
	e.Median, e.Low, e.High, _ = statistics.MedianInterval(medians, 0.95)
	return e
}

// lowerHalf is the mean of the lower half of sorted values and its standard error as
// a share: by the influence 2*min(v, median) of each value, 0 for fewer than three.
func lowerHalf(sorted []float64) (value, err float64) {
	n := len(sorted)
	value = mean(sorted[:(n+1)/2])
	if n < quorumRounds {
		return value, 0
	}
	median := sorted[n/2]
	var low []float64
	for _, v := range sorted {
		low = append(low, min(v, median))
	}
	center, sum := mean(low), 0.0
	for _, v := range low {
		sum += (v - center) * (v - center)
	}
	small := float64(n+1) / float64(n-2) // few rounds know their own scatter badly
	return value, small * 2 * math.Sqrt(sum/float64((n-1)*n)) / value
}

// within is the highest time that confirms a floor.
func within(floor float64) float64 {
	return max(floor*(1+quorumTolerance), floor+clockTolerance)
}

// validate refuses an entry that no measuring gives.
func (e Entry) validate() error {
	for _, v := range []float64{e.Floor, e.Median, e.Low, e.High} {
		if !(v >= minTime && v <= maxTime) {
			return fmt.Errorf("a time of %v ns", v)
		}
	}
	switch {
	case e.Low > e.Median || e.Median > e.High:
		return fmt.Errorf("median %v in %v…%v ns are out of order", e.Median, e.Low, e.High)
	case !(e.Error >= 0 && e.Error <= widest):
		return fmt.Errorf("a floor with an error of %v", e.Error)
	case e.Rounds < 1 || e.Reached < 1 || e.Reached > e.Rounds || e.Samples < e.Rounds:
		return fmt.Errorf("floor reached in %d of %d rounds, %d samples", e.Reached, e.Rounds, e.Samples)
	}
	return nil
}

// Times in ns that a table may hold: from a picosecond to a quarter of an hour.
const (
	minTime = 1e-3
	maxTime = 1e12
)

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
