package results

import (
	"slices"
	"strings"

	"nas/search"
	"nas/space"
)

// pageData is what the page's scripts read. Members' values are in the order of
// Quantities, in base units: ns, bytes, numbers.
type pageData struct {
	Title      string                `json:"title"`
	Lead       []string              `json:"lead"` // the front in sentences
	Quantities []quantity            `json:"quantities"`
	Shapes     []space.Layer         `json:"shapes"` // distinct layers
	Models     []space.Model         `json:"models"` // distinct
	Members    []pageMember          `json:"members"`
	Spread     []int                 `json:"spread"` // some of them, as a table shows them
	References []pageMember          `json:"references"`
	Others     []pageMember          `json:"others"` // seen by the search: beaten, or over a limit
	Parts      []string              `json:"parts"`
	Latencies  []string              `json:"latencies"` // keys of Quantities 1, 2, …
	Splits     []pageSplit           `json:"splits"`    // one a latency
	History    []search.HistoryPoint `json:"history"`
	Measured   []pageMeasured        `json:"measured"`
	Conditions [][2]string           `json:"conditions"`
	Notes      []string              `json:"notes"`
	Warnings   []string              `json:"warnings"`
	ScoreUnit  string                `json:"score_unit"`
}

// quantity is something that members have a value of.
type quantity struct {
	Key   string  `json:"key"`
	Label string  `json:"label"`
	Unit  string  `json:"unit"`  // what it is shown in; "count": k, M, G
	Scale float64 `json:"scale"` // base units of one Unit
	More  bool    `json:"more"`  // more is better
	Limit float64 `json:"limit"` // 0: none
}

// pageMember is a candidate.
type pageMember struct {
	Name      string    `json:"name,omitempty"`
	Values    []float64 `json:"v"`
	Low       []float64 `json:"lo"` // of each latency
	High      []float64 `json:"hi"`
	Kinds     []Kind    `json:"k"`
	Doubt     float64   `json:"r"` // the score's resolution
	Tie       bool      `json:"t,omitempty"`
	Beaten    bool      `json:"b,omitempty"`
	Source    string    `json:"s,omitempty"`
	Model     int       `json:"m"`
	Embedding int       `json:"e"`
	Hidden    int       `json:"h"`
	Layers    []int     `json:"l"` // of Shapes
	Blocks    [][]int   `json:"p"` // of each split's Blocks; null where it has none
}

type pageSplit struct {
	Overhead float64 `json:"overhead"`
	Blocks   []Block `json:"blocks"`
	Why      string  `json:"why"` // there are no blocks
}

type pageMeasured struct {
	Member     int     `json:"member"` // of Members, References, Others; -1: none
	Name       string  `json:"name"`
	Predicted  float64 `json:"predicted"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Floor      float64 `json:"floor"`
	Median     float64 `json:"median"`
	MedianLow  float64 `json:"median_low"`
	MedianHigh float64 `json:"median_high"`
}

// values of a candidate, in the order of pageQuantities.
func pageValues(c *Candidate) []float64 {
	v := []float64{c.Score}
	for _, l := range c.AllLatencies() {
		v = append(v, l.NS)
	}
	return append(v, float64(c.MemoryBytes), float64(c.WeightsBytes), float64(c.ArenaBytes), float64(c.KVBytes), float64(c.FlashBytes),
		float64(c.Params), float64(c.ParamsNonEmbedding))
}

func pageQuantities(r *Report) []quantity {
	all := r.Front
	if len(all) == 0 {
		all = r.References
	}
	l := newLayout(all, layout{})
	limits := r.Conditions.Limits
	size := func(key, label string, limit int64) quantity {
		return quantity{Key: key, Label: label, Unit: l.memory.name, Scale: l.memory.factor, Limit: float64(limit)}
	}
	q := []quantity{{Key: "score", Label: "score", Unit: "count", Scale: 1, More: true}}
	for i, name := range r.latencies() {
		limit := limits.LatencyNS
		if i < len(limits.Latencies) {
			limit = limits.Latencies[i].NS
		}
		q = append(q, quantity{Key: name, Label: name, Unit: l.latency.name, Scale: l.latency.factor, Limit: limit})
	}
	return append(q,
		size("memory", "memory", limits.MemoryBytes), size("weights", "weights", 0), size("arena", "arena", 0), size("kv", "KV cache", 0),
		size("flash", "flash", limits.FlashBytes),
		quantity{Key: "params", Label: "parameters", Unit: "count", Scale: 1, Limit: float64(limits.Params)},
		quantity{Key: "nonembedding", Label: "outside the embedding", Unit: "count", Scale: 1},
	)
}

// latencies are the names of r's latencies, also where there is one.
func (r *Report) latencies() []string {
	if names := r.latencyNames(); len(names) > 0 {
		return names
	}
	return []string{search.Latency}
}

func newPageData(p *Page) *pageData {
	r := p.Report
	d := &pageData{Title: p.title(), Lead: r.lead(), Quantities: pageQuantities(r), Parts: Parts, Latencies: r.latencies(), Splits: []pageSplit{}, ScoreUnit: r.Conditions.ScoreUnit,
		Shapes: []space.Layer{}, Models: []space.Model{}, Members: []pageMember{}, References: []pageMember{}, Others: []pageMember{},
		Spread: []int{}, History: append([]search.HistoryPoint{}, r.History...), Measured: []pageMeasured{}, Conditions: r.Conditions.table(), Notes: append([]string{}, r.notes(len(r.Front))...), Warnings: append([]string{}, r.Warnings...)}
	d.Notes = slices.DeleteFunc(d.Notes, func(s string) bool { return strings.HasPrefix(s, "warning") })
	for _, s := range p.Splits {
		split := pageSplit{Why: s.Why, Blocks: []Block{}}
		if s.Breakdown != nil {
			split.Overhead, split.Blocks = s.Overhead, s.Blocks
		}
		d.Splits = append(d.Splits, split)
	}
	shapes, models := map[space.Layer]int{}, map[space.Model]int{}
	places := map[string]int{}
	for i, c := range r.Models() {
		m := pageMember{Name: c.Name, Values: pageValues(&c), Doubt: c.ScoreResolution,
			Tie: c.Tie, Beaten: c.Dominated, Source: c.Source, Embedding: c.Arch.Embedding, Hidden: c.Arch.Hidden, Model: index(models, &d.Models, c.Arch.Model)}
		for _, layer := range c.Arch.Layers {
			m.Layers = append(m.Layers, index(shapes, &d.Shapes, layer))
		}
		for _, l := range c.AllLatencies() {
			m.Low, m.High, m.Kinds = append(m.Low, l.Low), append(m.High, l.High), append(m.Kinds, l.Kind)
		}
		for _, s := range p.Splits {
			var span []int
			if s.Breakdown != nil {
				span = s.Spans[i]
			}
			m.Blocks = append(m.Blocks, span)
		}
		if key := c.Arch.Key(); i < len(r.Front) || places[key] == 0 {
			places[key] = i + 1
		}
		switch {
		case i < len(r.Front):
			d.Members = append(d.Members, m)
		case i < len(r.Front)+len(r.References):
			d.References = append(d.References, m)
		default:
			d.Others = append(d.Others, m)
		}
	}
	for _, c := range r.shown(Options{}) {
		d.Spread = append(d.Spread, places[c.Arch.Key()]-1)
	}
	if p.Measured != nil {
		for _, m := range p.Measured.Members {
			d.Measured = append(d.Measured, pageMeasured{Member: places[m.Arch.Key()] - 1, Name: m.Name, Predicted: m.LatencyNS, Low: m.LatencyLow, High: m.LatencyHigh,
				Floor: m.Floor, Median: m.Median, MedianLow: m.Low, MedianHigh: m.High})
		}
	}
	return d
}

// index is the place of v in list, where it is put if it is new.
func index[T comparable](known map[T]int, list *[]T, v T) int {
	i, ok := known[v]
	if !ok {
		i = len(*list)
		known[v] = i
		*list = append(*list, v)
	}
	return i
}
