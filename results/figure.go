package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nas/internal/statistics"
)

// Figure is what the picture of a front shows, as numbers: score against latency,
// memory as colour. Drawing it adds nothing but ink.
type Figure struct {
	Title       string
	Lines       []string // conditions, below the title
	X, Y        Axis     // latency and score
	Memory      Axis     // of the colours; its Max is the limit where there is one
	Points      []Point  // members, by falling memory: the small ones are drawn last
	Stairs      []Point  // members that no other beats in latency and score, by latency
	Bars        []Point  // of those, some whose latency interval is drawn
	Models      []Point  // references within the axes
	Beyond      []string // references outside of them, in words
	Limit       float64  // of latency, in units of X; 0: none
	Unsure      bool     // a score has a resolution: a band below the stairs shows it
	Notes       []string
	MemoryLimit bool // Memory.Max is one
}

// Point is a candidate in units of the axes.
type Point struct {
	Name      string
	X, Y      float64
	Low, High float64 // the latency's interval
	Floor     float64 // Y less the score's resolution
	Memory    float64
	Kind      Kind
	Over      bool // a limit
}

const (
	figureBars = 10 // intervals drawn
	figureFar  = 3  // references within so many times the front are drawn
)

// NewFigure is the picture of r.
func NewFigure(r *Report) *Figure {
	f := &Figure{Title: "Pareto front", Lines: r.Conditions.caption(len(r.Front))}
	if r.Conditions.Space != "" {
		f.Title += " of " + r.Conditions.Space
	}
	everything := r.Front
	if len(everything) == 0 {
		everything = r.References
	}
	l := newLayout(everything, layout{})
	point := func(c *Candidate) Point {
		return Point{Name: c.Name, X: c.LatencyNS / l.latency.factor, Low: c.LatencyLow / l.latency.factor, High: c.LatencyHigh / l.latency.factor,
			Y: c.Score, Floor: c.Score - c.ScoreResolution, Memory: float64(c.MemoryBytes) / l.memory.factor, Kind: c.LatencyKind,
			Over: r.Conditions.Limits.broken(c)}
	}
	for i := range r.Front {
		f.Points = append(f.Points, point(&r.Front[i]))
		f.Unsure = f.Unsure || r.Front[i].ScoreResolution > 0
	}
	slices.SortStableFunc(f.Points, func(a, b Point) int { return cmp.Compare(b.Memory, a.Memory) })
	f.Stairs = stairs(f.Points)
	f.Bars = statistics.Evenly(f.Stairs, figureBars)
	var far Point // as far as references are drawn
	for _, p := range f.Points {
		far.X, far.Y = max(far.X, figureFar*p.X), max(far.Y, figureFar*p.Y)
	}
	for i := range r.References {
		c := &r.References[i]
		if p := point(c); len(f.Points) > 0 && (p.X > far.X || p.Y > far.Y) {
			f.Beyond = append(f.Beyond, fmt.Sprintf("%s (%s, %s)", c.Name, Duration(c.LatencyNS), Count(c.Score)))
		} else {
			f.Models = append(f.Models, p)
		}
	}
	f.Limit = r.Conditions.Limits.LatencyNS / l.latency.factor
	if others := r.latencies()[1:]; len(others) > 0 {
		f.Notes = append(f.Notes, "not drawn: "+strings.Join(others, ", "))
	}
	f.axes(r, l)
	f.notes(r)
	return f
}

// broken reports whether c is over one of l.
func (l Limits) broken(c *Candidate) bool {
	over := func(limit, v float64) bool { return limit > 0 && v > limit }
	for i, t := range l.Latencies {
		if i < len(c.Latencies) && over(t.NS, c.Latencies[i].NS) {
			return true
		}
	}
	return over(float64(l.MemoryBytes), float64(c.MemoryBytes)) || over(float64(l.FlashBytes), float64(c.FlashBytes)) ||
		over(float64(l.Params), float64(c.Params)) || over(l.LatencyNS, c.LatencyNS)
}

// axes settles what the axes span.
func (f *Figure) axes(r *Report, l layout) {
	var x, y, memory []float64
	for _, p := range slices.Concat(f.Points, f.Models) {
		x, y = append(x, p.X), append(y, p.Y)
	}
	for _, p := range f.Points {
		memory = append(memory, p.Memory)
	}
	if f.Limit > 0 && len(x) > 0 && f.Limit <= figureFar*slices.Max(x) {
		x = append(x, f.Limit)
	}
	if limit := float64(r.Conditions.Limits.MemoryBytes) / l.memory.factor; limit > 0 && len(memory) > 0 {
		memory, f.MemoryLimit = append(memory, limit), true
	}
	var kinds []string
	for _, k := range []Kind{Measured, OverLimit, Predicted, Modelled} {
		if slices.ContainsFunc(slices.Concat(f.Points, f.Models), func(p Point) bool { return p.Kind == k }) {
			kinds = append(kinds, string(k))
		}
	}
	f.X = newAxis(r.latencies()[0]+" "+l.latency.name+", "+strings.Join(kinds, " or "), x, true)
	label := "score"
	if r.Conditions.ScoreUnit != "" {
		label += ": " + r.Conditions.ScoreUnit
	}
	f.Y = newAxis(label, y, true)
	f.Memory = newAxis("memory "+l.memory.name, memory, false)
}

// stairs are those of points that no other beats in latency and score, by latency.
func stairs(points []Point) (best []Point) {
	byLatency := slices.Clone(points)
	slices.SortStableFunc(byLatency, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(b.Y, a.Y))
	})
	for _, p := range byLatency {
		if len(best) == 0 || p.Y > best[len(best)-1].Y {
			best = append(best, p)
		}
	}
	return best
}

// notes say what the eye cannot see.
func (f *Figure) notes(r *Report) {
	if f.Unsure {
		f.Notes = append(f.Notes, "band: the score cannot tell these from the best of the same latency; train both to decide")
	}
	if len(f.Bars) > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("bars: latency intervals of %d members that no other beats in latency and score (line); the others need less memory", len(f.Bars)))
	}
	if len(f.Beyond) > 0 {
		f.Notes = append(f.Notes, "beyond the axes: "+strings.Join(f.Beyond, ", "))
	}
	for _, text := range r.Warnings {
		f.Notes = append(f.Notes, "warning: "+text)
	}
}

// caption is the conditions in two lines, for a picture.
func (c Conditions) caption(members int) []string {
	first := Counted(members, "member")
	if limits := c.Limits.words(); limits != "" {
		first += ", " + limits
	}
	if c.Tool == "" {
		return []string{first}
	}
	return []string{
		fmt.Sprintf("%s, %v", first, c.Workload),
		fmt.Sprintf("%s, kernel level %s, %s, %s", c.Device, c.Level, Counted(c.Threads, "thread"), dated(c.TableDate)),
	}
}
