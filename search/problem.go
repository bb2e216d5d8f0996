package search

import (
	"time"

	"nas/space"
)

// Objective is one thing to optimise.
type Objective struct {
	Name     string
	Unit     string
	Maximise bool
}

// Problem scores architectures. It is safe for concurrent use.
type Problem interface {
	Space() *space.Space
	Objectives() []Objective
	// Evaluate writes the objectives of g to values, in their own sign. violation is
	// 0 for an architecture within the limits, else the sum of relative excesses.
	Evaluate(g space.Genes, values []float64) (violation float64)
}

// Dominates reports whether a is at least as good as b in every objective and better
// in one.
func Dominates(a, b []float64, objectives []Objective) bool {
	better := false
	for i, o := range objectives {
		x, y := a[i], b[i]
		if o.Maximise {
			x, y = y, x
		}
		if !(x <= y) {
			return false
		}
		better = better || x < y
	}
	return better
}

// Member is an architecture with its objectives.
type Member struct {
	Genes  space.Genes
	Values []float64
}

// Reason is why a search ended.
type Reason string

const (
	BudgetSpent    Reason = "budget spent"       // so many evaluations as were asked for
	SpaceExhausted Reason = "space exhausted"    // every architecture was evaluated: the front is exact
	StandsStill    Reason = "front stands still" // more evaluations hardly moved it
	NothingNew     Reason = "nothing new"        // long no variation gave an architecture not seen before
	Proved         Reason = "proved"             // by dynamic programming: the front is exact
	TimeUp         Reason = "time is up"
	Cancelled      Reason = "cancelled"
)

// Result is what a search found.
type Result struct {
	Front       []Member // feasible and non-dominated, by the first objective, best first
	Evaluations int
	Stop        Reason
	History     []HistoryPoint
	// Others are a sample of what was evaluated besides: some dominated, some over the
	// limits, chosen by nothing but their hash.
	Others []space.Genes
	// Nearest is, where the front is empty, the architecture that breaks the limits
	// least, and Violation by how much.
	Nearest   Member
	Violation float64
}

// Settings of a search. Zero values: 200000 evaluations, one worker.
type Settings struct {
	Algorithm   Algorithm // empty: Evolution
	Evaluations int
	Seed        uint64
	Workers     int
	First       []space.Genes  // evaluated before any other
	Still       float64        // stop when a quarter more evaluations added less than this share of the hypervolume; 0: never
	Progress    func(Progress) // after every generation; may be nil
	// Save, where it is not nil, gets a state every some ten thousand evaluations, but
	// not sooner than SaveInterval after the last, and at the end; its error ends the
	// search. Resume goes on from such a state, which must have the hashes of all before
	// it. A space that is enumerated has no state.
	Save         func(*State) error
	SaveInterval time.Duration
	Resume       *State
	clock        func() time.Time // nil: time.Now
}

// Progress is how far a search has come.
type Progress struct {
	Evaluations, Of int
	Front           int
	Hypervolume     float64 // at the last point of history, as a share of the box between best and worst
	Best            float64 // of the first objective
}

const defaultEvaluations = 200000
