package results

import (
	"cmp"
	"fmt"
	"slices"
)

// Differences says in what the conditions of two fronts differ: what makes their
// figures incomparable, and what is only worth knowing.
func Differences(a, b *Report) (incomparable, notable []string) {
	x, y := a.Conditions, b.Conditions
	if x.Tool == "" || y.Tool == "" {
		return nil, []string{"conditions: a front from CSV does not hold its conditions: whether device, workload, space and score are the same is not known"}
	}
	note := func(list *[]string, name string, a, b any) {
		if a != b {
			*list = append(*list, fmt.Sprintf("%s: %v and %v", name, a, b))
		}
	}
	note(&incomparable, "score", x.Evaluator+" ("+x.ScoreUnit+")", y.Evaluator+" ("+y.ScoreUnit+")")
	if len(x.Objectives) > 0 && len(y.Objectives) > 0 {
		note(&incomparable, "objectives", fmt.Sprint(x.Objectives), fmt.Sprint(y.Objectives))
	}
	these, those := x.Sources(), y.Sources()
	note(&incomparable, "number of latencies", len(these), len(those))
	for i := range min(len(these), len(those)) {
		s, o := these[i], those[i]
		name := ""
		if len(these) > 1 {
			name = s.Name + ": "
		}
		note(&incomparable, name+"workload", s.Workload.String(), o.Workload.String())
		note(&incomparable, name+"device", s.Device, o.Device)
		note(&incomparable, name+"kernel level", s.Level, o.Level)
		note(&incomparable, name+"threads", s.Threads, o.Threads)
		note(&incomparable, name+"kernel version", s.KernelVersion, o.KernelVersion)
		note(&notable, name+"latency table", s.TableDate, o.TableDate)
	}
	note(&incomparable, "latency", kindsOf(a), kindsOf(b))
	note(&notable, "space", x.Space, y.Space)
	note(&notable, "limits", cmp.Or(x.Limits.words(), "none"), cmp.Or(y.Limits.words(), "none"))
	return incomparable, notable
}

// kindsOf are the kinds of a front's latencies, in words.
func kindsOf(r *Report) string {
	s := ""
	for _, k := range []Kind{Measured, Predicted, Modelled} {
		if slices.ContainsFunc(r.Front, func(c Candidate) bool {
			return slices.ContainsFunc(c.AllLatencies(), func(l Latency) bool { return l.Kind == k || k == Measured && l.Kind == OverLimit })
		}) {
			s += " " + string(k)
		}
	}
	return s
}
