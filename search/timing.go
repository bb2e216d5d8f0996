package search

import (
	"fmt"
	"math"
	"slices"

	"nas/space"
)

// Timing is one latency of an architecture: on one device, in one phase.
type Timing struct {
	Name     string // of the objective and of the limit
	Workload space.Workload
	Regimes  []Regime // by Below; at least one
}

// Regime is what a model's run costs while the weights that it streams
// (space.Program.Streamed) are fewer than Below bytes: what fits a cache costs less
// than what does not.
type Regime struct {
	Below    int64                  // of the last regime 0: no bound
	Overhead float64                // ns of a run besides its ops
	Op       func(space.Op) float64 // ns, above 0
}

// Bounds of the tables.
const (
	MaxTimings = 8
	maxRegimes = 64 // of all timings together
)

// regime is where a Regime's times stand.
type regime struct {
	below    int64 // math.MaxInt64: no bound
	overhead int64 // ps
}

// column is a Timing whose regimes are at times[first:][:len(regimes)].
type column struct {
	name    string
	first   int
	regimes []regime
}

// columns checks timings and lists them.
func columns(timings []Timing, m space.Model) (list []column, width int, err error) {
	if len(timings) < 1 || len(timings) > MaxTimings {
		return nil, 0, fmt.Errorf("search: %d latencies: there are 1 to %d", len(timings), MaxTimings)
	}
	for _, t := range timings {
		if slices.Contains([]string{"", Score, Memory, Flash, Params}, t.Name) || slices.ContainsFunc(list, func(c column) bool { return c.name == t.Name }) {
			return nil, 0, fmt.Errorf("search: a latency cannot be called %.40q: that is the name of something else", t.Name)
		}
		if err := t.Workload.Validate(m); err != nil {
			return nil, 0, err
		}
		c := column{name: t.Name, first: width}
		for i, r := range t.Regimes {
			last := i == len(t.Regimes)-1
			if last != (r.Below == 0) || i > 0 && !last && r.Below <= t.Regimes[i-1].Below || r.Below < 0 {
				return nil, 0, fmt.Errorf("search: latency %.40q: the regimes are out of order", t.Name)
			}
			below := r.Below
			if last {
				below = math.MaxInt64
			}
			c.regimes = append(c.regimes, regime{below, picoseconds(r.Overhead)})
		}
		if width += len(t.Regimes); len(t.Regimes) == 0 || width > maxRegimes {
			return nil, 0, fmt.Errorf("search: latency %.40q: %d regimes: each has one or more, all together at most %d", t.Name, len(t.Regimes), maxRegimes)
		}
		list = append(list, c)
	}
	return list, width, nil
}

// ps is the latency of a model whose times in the regimes are those, and which
// streams so many bytes.
func (c *column) ps(times []int64, streamed int64) int64 {
	i := 0
	for streamed >= c.regimes[i].below {
		i++
	}
	return times[c.first+i] + c.regimes[i].overhead
}

// picoseconds are whole, so that a sum is the same in any order.
func picoseconds(ns float64) int64 { return int64(math.Round(ns * 1000)) }
