package latency

import (
	"fmt"
	"slices"

	"nas/devices"
	"nas/internal/statistics"
)

// Context says what went on while a table was measured.
type Context struct {
	devices.Disturbance
	Busy float64 `json:"busy"` // median over floor of whole models: what the machine gave
}

// context is that of m so far, earlier runs that it goes on from included.
func (m *measurement) context(models []Model) Context {
	m.listen()
	return Context{m.state.Disturbance, busyRatio(models)}
}

// listen adds to the state what went on since it was last called.
func (m *measurement) listen() {
	now := devices.Noise()
	m.state.Disturbance = m.state.Disturbance.Then(devices.Between(m.noise, now))
	m.noise = now
}

// busyTable is from which ratio of median to floor a machine is called busy.
const busyTable = 1.15

// Advice says in words that the machine was busy and what to do; nothing where it
// was quiet.
func (t *Table) Advice() []string {
	list := t.Context.Advice()
	if t.Context.Busy > busyTable {
		list = append(list, fmt.Sprintf("half of the runs took %.0f %% or more above the undisturbed time: something shares the core or the memory; "+
			"figures are of the undisturbed machine", 100*(t.Context.Busy-1)))
	}
	if words := t.Unconfirmed(); words != "" {
		list = append(list, words+": a quieter machine, or more --time, makes them firmer")
	}
	return list
}

// Unconfirmed says in words how well the floors of t are known; nothing where all
// are confirmed.
func (t *Table) Unconfirmed() string {
	n := t.WithoutQuorum()
	if n == 0 {
		return ""
	}
	var errs []float64
	entries := t.Entries()
	for _, list := range entries {
		if !slices.ContainsFunc(list, func(e Entry) bool { return e.Error == 0 }) {
			errs = append(errs, 100*quorumErrors*meanError(list))
		}
	}
	words := fmt.Sprintf("the floors of %d of %d ops are not confirmed to 1 %%", n, len(entries))
	switch {
	case 2*len(errs) > len(entries):
		words += fmt.Sprintf(" (in the median to %.2g %%)", statistics.Median(errs))
	case len(errs) > 0:
		words += " (most were measured in too few rounds to tell how well)"
	}
	return words
}

func (c Context) validate() error {
	if !(c.Busy >= 0 && c.Busy <= 1e6) {
		return fmt.Errorf("a machine busy by a factor of %v", c.Busy)
	}
	return c.Disturbance.Validate()
}
