package results

import (
	"fmt"
	"strconv"
	"strings"

	"nas/search"
)

// lead is the front in sentences.
func (r *Report) lead() []string {
	if len(r.Front) == 0 {
		return []string{"No architecture is on this front."}
	}
	l := newLayout(r.Front, layout{})
	first := r.Front[0]
	low, high, small, large := first, first, first, first
	for _, c := range r.Front {
		if c.LatencyNS < low.LatencyNS {
			low = c
		}
		if c.LatencyNS > high.LatencyNS {
			high = c
		}
		if c.MemoryBytes < small.MemoryBytes {
			small = c
		}
		if c.MemoryBytes > large.MemoryBytes {
			large = c
		}
	}
	s := "1 architecture"
	if n := len(r.Front); n > 1 {
		s = strconv.Itoa(n) + " architectures"
	}
	if limits := r.Conditions.Limits.words(); limits != "" {
		s += " within " + limits
	}
	if o := r.Conditions.Objectives; len(o) > 1 {
		s += ", none beaten by another in " + strings.Join(o[:len(o)-1], ", ") + " and " + o[len(o)-1] + " at once"
	}
	lead := []string{s + ".", fmt.Sprintf("Latency from %s to %s %s (%s), memory from %s to %s %s.", l.latency.fixed(low.LatencyNS), l.latency.fixed(high.LatencyNS),
		l.latency.name, first.LatencyKind, l.memory.fixed(float64(small.MemoryBytes)), l.memory.fixed(float64(large.MemoryBytes)), l.memory.name)}
	var beaten []string
	for _, c := range r.References {
		if c.Dominated {
			beaten = append(beaten, c.Name)
		}
	}
	if len(beaten) > 0 {
		lead = append(lead, fmt.Sprintf("Members beat %d of %s: %s.", len(beaten), Counted(len(r.References), "reference model"), strings.Join(beaten, ", ")))
	}
	return lead
}

// Sources are where the latencies come from, also where there is one.
func (c Conditions) Sources() []Source {
	if len(c.Latencies) > 0 {
		return c.Latencies
	}
	return []Source{{search.Latency, c.Workload, c.Device, c.Level, c.Threads, c.KernelVersion, c.TableDate, c.Ops, c.OpsWithoutQuorum}}
}

// table is the conditions as labels and values.
func (c Conditions) table() [][2]string {
	if c.Tool == "" {
		return [][2]string{}
	}
	t := [][2]string{
		{"space", c.Space}, {"score", c.Evaluator + ": " + c.ScoreUnit},
	}
	for _, s := range c.Sources() {
		t = append(t, [2]string{s.Name, fmt.Sprintf("%v on %s, kernel level %s, version %d, %s; table of %s (%d without quorum), %s", s.Workload, s.Device, s.Level, s.KernelVersion,
			Counted(s.Threads, "thread"), Counted(s.Ops, "op"), s.OpsWithoutQuorum, dated(s.TableDate))})
	}
	if len(c.Objectives) > 0 {
		t = append(t, [2]string{"objectives", strings.Join(c.Objectives, ", ")})
	}
	if limits := c.Limits.words(); limits != "" {
		t = append(t, [2]string{"limits", limits})
	}
	if c.Evaluations > 0 {
		t = append(t, [2]string{"search", fmt.Sprintf("%s, seed %d, %s", Counted(c.Evaluations, "evaluation"), c.Seed, c.Stop)})
	}
	return append(t, [2]string{"made by", c.Tool})
}
