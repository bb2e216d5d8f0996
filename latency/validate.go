package latency

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"nas/internal/statistics"
	"nas/space"
)

// Validation holds predictions against whole models that ran. Shares and errors are
// per cent; an error is predicted / measured - 1.
type Validation struct {
	Models     int     `json:"models"`
	MAPE       float64 `json:"mape"`       // mean of the errors' sizes
	Worst      float64 `json:"worst"`      // the largest error, with its sign
	Bias       float64 `json:"bias"`       // median error
	Within5    float64 `json:"within5"`    // share of the models within ±5 %
	Within10   float64 `json:"within10"`   // and within ±10 %
	Tau        float64 `json:"tau"`        // Kendall's tau-b of predicted and measured
	Pairs      int     `json:"pairs"`      // of models
	Misordered int     `json:"misordered"` // pairs in the wrong order although their intervals do not overlap
	Coverage90 float64 `json:"coverage90"` // share of the measured latencies inside the predicted 90 % interval
	Unsure     int     `json:"unsure"`     // models whose floor was not confirmed
	Drift      float64 `json:"drift"`      // the machine's time for the models of this size beside the table's, -1, in the median; it is taken into account
}

// Case is a model of a validation.
type Case struct {
	Arch      space.Arch
	Bytes     int
	Predicted Estimate
	Measured  Entry
}

// Error is predicted / measured - 1.
func (c *Case) Error() float64 { return c.Predicted.Nanoseconds/c.Measured.Floor - 1 }

// leastRuns is how many runs of each model a validation's time must be enough for.
const leastRuns = 18

// Strata chooses n architectures of s from the smallest to the largest, evenly by the
// logarithm of their predicted latency. Where budget is not enough to run them all,
// the largest ones are left out of the choice.
func Strata(s *space.Space, w space.Workload, p *Predictor, n int, budget time.Duration, r *rand.Rand) ([]space.Arch, error) {
	var list []sized
	for _, g := range append(extremes(s), draw(s, r, 50*n)...) {
		arch := s.Arch(g)
		list = append(list, sized{arch, p.Program(space.Lower(arch, w)).Nanoseconds})
	}
	slices.SortStableFunc(list, func(a, b sized) int { return cmp.Compare(a.ns, b.ns) })
	list = slices.CompactFunc(list, func(a, b sized) bool { return a.arch.Equal(b.arch) })
	for len(list) > 0 {
		archs, total := even(list, n)
		if leastRuns*total <= float64(budget) {
			return archs, nil
		}
		list = list[:len(list)*9/10]
	}
	return nil, errors.New("latency: no architecture of the space runs in the time given")
}

type sized struct {
	arch space.Arch
	ns   float64
}

// even chooses n of a list in rising order, and the sum of their times.
func even(list []sized, n int) (chosen []space.Arch, total float64) {
	n = min(n, len(list))
	low, high := math.Log(list[0].ns), math.Log(list[len(list)-1].ns)
	next := 0
	for i := range n {
		want := low + (high-low)*float64(i)/float64(max(n-1, 1))
		away := func(at int) float64 { return math.Abs(math.Log(list[at].ns) - want) }
		for next < len(list)-(n-i) && away(next+1) <= away(next) {
			next++
		}
		chosen, total = append(chosen, list[next].arch), total+list[next].ns
		next++
	}
	return chosen, total
}

// Validate runs architectures on this machine and holds what p predicts of them
// against it, at the table's pace and at the speed that models of all sizes have now:
// those of ties that are in the table too, which are run in between.
func Validate(ctx context.Context, p *Predictor, archs []space.Arch, ties []*space.Program, s Settings) (*Validation, []Case, *Runs, error) {
	var programs []*space.Program
	largest := 0.0
	for _, a := range archs {
		programs = append(programs, space.Lower(a, s.Workload))
		largest = max(largest, p.Program(programs[len(programs)-1]).Nanoseconds)
	}
	known := p.table.ties(ties, largest, min(mostTies, max(leastTies, len(archs)/2)))
	var again []*space.Program
	for _, t := range known {
		again = append(again, t.program)
	}
	s.Pace = p.table.Pace
	runs, now, err := measureBeside(ctx, programs, again, s)
	if err != nil {
		return nil, nil, nil, err
	}
	var d drift
	for i, t := range known {
		d.add(t.model, &now[i])
	}
	if factor, err := p.table.Drift(runs.Reference); err == nil {
		d.whole.add(placeOf(ReferenceProgram(s.Workload.Phase).Streamed()), math.Log(factor), 1)
	}
	byClass, whole := d.lines(), d.whole.solve(driftHold)
	cases, drifts := make([]Case, len(archs)), make([]float64, len(archs))
	for i, a := range archs {
		bytes := programs[i].Streamed()
		drifts[i] = math.Exp(whole.at(placeOf(bytes)))
		cases[i] = Case{a, bytes, p.moved(&byClass, bytes).Program(programs[i]), runs.Entries[i]}
	}
	v, err := Compare(cases)
	if err != nil {
		return nil, nil, nil, err
	}
	v.Drift = statistics.Median(drifts) - 1
	return v, cases, runs, nil
}

// Compare sums cases up; there are at least two.
func Compare(cases []Case) (*Validation, error) {
	if len(cases) < 2 {
		return nil, fmt.Errorf("latency: %d models are too few to validate with", len(cases))
	}
	v := &Validation{Models: len(cases)}
	var errs, predicted, measured []float64
	share := func(ok bool) float64 {
		if ok {
			return 100 / float64(len(cases))
		}
		return 0
	}
	for i := range cases {
		c := &cases[i]
		e := 100 * c.Error()
		errs, predicted, measured = append(errs, e), append(predicted, c.Predicted.Nanoseconds), append(measured, c.Measured.Floor)
		v.MAPE += math.Abs(e) / float64(len(cases))
		if math.Abs(e) > math.Abs(v.Worst) {
			v.Worst = e
		}
		v.Within5 += share(math.Abs(e) <= 5)
		v.Within10 += share(math.Abs(e) <= 10)
		v.Coverage90 += share(c.Predicted.Low <= c.Measured.Floor && c.Measured.Floor <= c.Predicted.High)
		if !c.Measured.Quorum() {
			v.Unsure++
		}
		for j := range i {
			d := &cases[j]
			v.Pairs++
			apart := c.Predicted.Low > d.Predicted.High || d.Predicted.Low > c.Predicted.High
			if apart && (c.Predicted.Nanoseconds > d.Predicted.Nanoseconds) != (c.Measured.Floor > d.Measured.Floor) {
				v.Misordered++
			}
		}
	}
	v.Bias, v.Tau = statistics.Median(errs), statistics.KendallTau(predicted, measured)
	return v, nil
}

// validate refuses a validation that no comparing gives.
func (v *Validation) validate() error {
	for _, x := range []float64{v.MAPE, v.Worst, v.Bias, v.Within5, v.Within10, v.Tau, v.Coverage90, v.Drift} {
		if !finite(x) {
			return errors.New("a validation has a figure that is not finite")
		}
	}
	if v.Models < 2 || v.Misordered < 0 || v.Misordered > v.Pairs || v.Unsure < 0 || v.Unsure > v.Models {
		return fmt.Errorf("a validation on %d models with %d of %d pairs misordered and %d unsure", v.Models, v.Misordered, v.Pairs, v.Unsure)
	}
	return nil
}
