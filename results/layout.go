package results

import (
	"fmt"
	"slices"
	"strconv"

	"nas/internal/statistics"
	"nas/search"
)

// rowsShown is how many members of a front the forms for people show.
const rowsShown = 24

// layout decides units and columns for the candidates of a report.
type layout struct {
	memory, latency   scale
	named, beaten, kv bool
}

func newLayout(list []Candidate, units layout) layout {
	l := layout{memory: units.memory, latency: units.latency}
	var memory, latency float64
	for _, c := range list {
		memory = max(memory, float64(c.MemoryBytes))
		for _, t := range c.AllLatencies() {
			latency = max(latency, t.NS)
		}
		l.named, l.beaten, l.kv = l.named || c.Name != "", l.beaten || c.Dominated, l.kv || c.KVBytes > 0
	}
	if l.memory.factor == 0 && len(list) > 0 {
		l.memory, l.latency = fit(byteScales, memory), fit(timeScales, latency)
	}
	return l
}

// grid lays candidates out.
func (l layout) grid(list []Candidate) grid {
	var g grid
	for i := range list {
		c := &list[i]
		g.row()
		if l.named {
			g.words("model", c.Name)
		}
		tie := ""
		if c.Tie {
			tie = "~"
		}
		g.number("score", tie+Count(c.Score))
		for _, t := range c.AllLatencies() {
			mark := ""
			if t.Kind == OverLimit {
				mark = "!"
			}
			g.number(t.Name+" "+l.latency.name, mark+l.latency.fixed(t.NS))
			g.number("interval "+l.latency.name, l.latency.fixed(t.Low)+"–"+l.latency.fixed(t.High))
		}
		g.number("memory "+l.memory.name, l.memory.fixed(float64(c.MemoryBytes)))
		g.number("weights "+l.memory.name, l.memory.fixed(float64(c.WeightsBytes)))
		g.number("arena "+l.memory.name, l.memory.fixed(float64(c.ArenaBytes)))
		if l.kv {
			g.number("kv "+l.memory.name, l.memory.fixed(float64(c.KVBytes)))
		}
		g.number("flash "+l.memory.name, l.memory.fixed(float64(c.FlashBytes)))
		g.number("params", Count(float64(c.Params)))
		if l.beaten {
			beaten := ""
			if c.Dominated {
				beaten = "yes"
			}
			g.words("beaten", beaten)
		}
		g.architecture(c)
	}
	return g
}

// architecture spells what is built.
func (g *grid) architecture(c *Candidate) {
	hidden := strconv.Itoa(c.Arch.Hidden)
	if c.Arch.Factorised() {
		hidden += fmt.Sprintf(" (emb %d)", c.Arch.Embedding)
	}
	g.words("hidden", hidden)
	g.number("layers", strconv.Itoa(len(c.Arch.Layers)))
	g.words("heads", c.Arch.Heads())
	g.words("head width", c.Arch.HeadWidths())
	g.words("ffn", c.Arch.FFN())
}

// Spread is at most n of list, in its order: well spread over the objectives of that
// name, or without any evenly by position. The first and the last are included.
func Spread(list []Candidate, n int, objectives []string) []Candidate {
	weighed := ObjectivesOf(objectives)
	if len(list) <= n || len(weighed) == 0 {
		return statistics.Evenly(list, n)
	}
	points := make([][]float64, len(list))
	for i := range list {
		points[i] = values(&list[i], weighed)
	}
	at := search.Spread(points, weighed, n)
	slices.Sort(at)
	chosen := make([]Candidate, len(at))
	for i, k := range at {
		chosen[i] = list[k]
	}
	return chosen
}

// shown are the members that o asks for.
func (r *Report) shown(o Options) []Candidate {
	switch {
	case o.All:
		return r.Front
	case o.Front > 0:
		return Spread(r.Front, o.Front, r.Conditions.Objectives)
	}
	return Spread(r.Front, rowsShown, r.Conditions.Objectives)
}

// selected is r with the members that o asks for explicitly, and then without others.
func (r *Report) selected(o Options) *Report {
	if o.All || o.Front == 0 {
		return r
	}
	less := *r
	less.Front, less.Others = r.shown(o), nil
	return &less
}

// sheet is the form of r for people.
func (r *Report) sheet(o Options) sheet {
	shown := r.shown(o)
	front := newLayout(r.Front, layout{})
	s := sheet{above: r.Conditions.words(len(r.Front)), below: r.notes(len(shown))}
	s.grids = append(s.grids, front.grid(shown), newLayout(r.References, front).grid(r.References))
	return s
}
