package latency

import (
	"fmt"

	"nas/devices"
)

// Context says what went on while a table was measured.
type Context struct {
	devices.Disturbance
	Busy float64 `json:"busy"` // median over floor of whole models: what the machine gave
}

func newContext(before, after devices.NoiseSample, t *Table) Context {
	return Context{devices.Between(before, after), busyRatio(t.Models)}
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
	if n, of := t.WithoutQuorum(), len(t.Entries()); n > 0 {
		list = append(list, fmt.Sprintf("the floors of %d of %d ops were not confirmed to 1 %%: a quieter machine, or more --time, makes them firm", n, of))
	}
	return list
}

func (c Context) validate() error {
	if !(c.Busy >= 0 && c.Busy <= 1e6) {
		return fmt.Errorf("a machine busy by a factor of %v", c.Busy)
	}
	return c.Disturbance.Validate()
}
