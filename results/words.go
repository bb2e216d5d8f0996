package results

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nas/search"
)

// words are the lines above a front of so many members.
func (c Conditions) words(members int) []string {
	if c.Tool == "" {
		return nil
	}
	lines := []string{
		fmt.Sprintf("space    %s, %v", c.Space, c.Workload),
	}
	sources := c.Latencies
	if len(sources) == 0 {
		sources = []Source{{Device: c.Device, Level: c.Level, Threads: c.Threads, TableDate: c.TableDate, Ops: c.Ops}}
	}
	for _, s := range sources {
		text := fmt.Sprintf("%s, kernel level %s, %s; table of %d ops, %s", s.Device, s.Level, Counted(s.Threads, "thread"), s.Ops, dated(s.TableDate))
		if s.Name != "" {
			text = fmt.Sprintf("%s: %v on %s", s.Name, s.Workload, text)
		}
		lines = append(lines, "device   "+text)
	}
	if limits := c.Limits.words(); limits != "" {
		lines = append(lines, "limits   "+limits)
	}
	if f := c.Feasibility; f != nil && len(f.Quantities) > 0 {
		lines = append(lines, "reach    "+f.Words())
	}
	if c.Evaluations > 0 {
		lines = append(lines, "search   "+c.searchWords(members))
	}
	if c.Exact != nil {
		lines = append(lines, "exact    "+c.Exact.words())
	}
	return append(lines, fmt.Sprintf("score    %s: %s", c.Evaluator, c.ScoreUnit))
}

func (c Conditions) searchWords(members int) string {
	front := fmt.Sprintf("%s on the front of %s", Counted(members, "member"), strings.Join(c.Objectives, ", "))
	if c.Algorithm == string(search.ByProof) {
		return fmt.Sprintf("%s: all there are, by dynamic programming over %s (%s)", front, Counted(c.Evaluations, "partial architecture"), c.Stop)
	}
	after := Counted(c.Evaluations, "evaluation")
	if c.Algorithm != "" {
		after += " by " + c.Algorithm
	}
	return fmt.Sprintf("%s after %s, seed %d (%s)", front, after, c.Seed, c.Stop)
}

func (e *Exact) words() string {
	if e.Why != "" {
		return "not compared: " + e.Why
	}
	if e.Points == e.Of {
		return fmt.Sprintf("all %d points of the exact front were found", e.Of)
	}
	return fmt.Sprintf("hypervolume %.4f of the exact front's, %d of its %d points found", math.Floor(e.Hypervolume*1e4)/1e4, e.Points, e.Of)
}

// Words say it in one line.
func (f *Feasibility) Words() string {
	var parts []string
	for _, q := range f.Quantities {
		show := func(v float64) string { return Quantity(q.Name, v) }
		parts = append(parts, fmt.Sprintf("%s %s to %s, typically %s", q.Name, show(q.Smallest), show(q.Largest), show(q.Typical)))
	}
	return fmt.Sprintf("%s; %s of random architectures are within the limits", strings.Join(parts, "; "), Percent(f.Share))
}

// Percent is a share for people: 18.5 %; never 0 % or 100 % of what is not.
func Percent(share float64) string {
	switch {
	case share > 0 && share < 0.001:
		return "less than 0.1 %"
	case share < 1 && share > 0.999:
		return "more than 99.9 %"
	}
	return fmt.Sprintf("%.3g %%", 100*share)
}

// Quantity is the value of an objective or a limit of that name for people.
func Quantity(name string, v float64) string {
	switch name {
	case search.Score, search.Params:
		return Count(v)
	case search.Memory, search.Flash:
		return Bytes(int64(v))
	}
	return Duration(v)
}

func (l Limits) words() string {
	var words []string
	add := func(set bool, name, value string) {
		if set {
			words = append(words, name+" ≤ "+value)
		}
	}
	add(l.MemoryBytes > 0, "memory", Bytes(l.MemoryBytes))
	add(l.FlashBytes > 0, "flash", Bytes(l.FlashBytes))
	add(l.Params > 0, "params", Count(float64(l.Params)))
	add(l.LatencyNS > 0 && len(l.Latencies) == 0, "latency", Duration(l.LatencyNS))
	for _, t := range l.Latencies {
		add(t.NS > 0, t.Name, Duration(t.NS))
	}
	return strings.Join(words, ", ")
}

// notes are the lines below a front of which so many members are shown.
func (r *Report) notes(shown int) []string {
	var notes []string
	if shown < len(r.Front) {
		notes = append(notes, fmt.Sprintf("%d of %d members, well spread over the objectives; --front N shows N, --all every one, --format json or csv holds them", shown, len(r.Front)))
	}
	all := slices.Concat(r.Front, r.References)
	has := func(f func(Candidate) bool) bool { return slices.ContainsFunc(all, f) }
	for _, k := range []struct {
		kind  Kind
		words string
	}{
		{Measured, "the whole model ran; the interval holds its median with 95 %"},
		{OverLimit, "the whole model ran and took longer than its limit: marked with !"},
		{Predicted, "a sum of ops that were measured at work in other models, undisturbed; the interval is the one that held 90 % of them"},
		{Modelled, "from an analytic model of the device, not measured"},
	} {
		if has(func(c Candidate) bool { return c.LatencyKind == k.kind }) {
			notes = append(notes, fmt.Sprintf("latency  %s: %s", k.kind, k.words))
		}
	}
	if has(func(c Candidate) bool { return c.Tie }) {
		notes = append(notes, "~        the score cannot tell this member from its neighbour: train both to decide")
	}
	if has(func(c Candidate) bool { return c.Dominated }) {
		notes = append(notes, "beaten   a member of the front is as good in every objective and better in one")
	}
	for _, text := range r.Warnings {
		notes = append(notes, "warning  "+text)
	}
	return notes
}

// Counted is n of what, in words: 1 model, 2 models.
func Counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// dated is when a table was measured; a modelled one has the zero date.
func dated(date string) string {
	if strings.HasPrefix(date, "0001-") {
		return "modelled, not measured"
	}
	return date
}
