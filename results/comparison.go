package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"nas/internal/oneline"
	"nas/internal/strictjson"
)

// Comparison holds a model that ran against what was predicted of it.
type Comparison struct {
	Candidate               // with its predicted latency
	Floor           float64 `json:"measured_ns"` // undisturbed
	Median          float64 `json:"measured_median_ns"`
	Low             float64 `json:"measured_median_ns_low"` // 95 %
	High            float64 `json:"measured_median_ns_high"`
	Rounds          int     `json:"rounds"`
	Confirmed       int     `json:"rounds_at_floor"` // within 1 %
	Difference      float64 `json:"difference"`      // measured / predicted - 1
	AllocatedBytes  int64   `json:"allocated_bytes"`
	AllocatedEquals bool    `json:"allocated_as_planned"`
}

// Comparisons are those of one run.
type Comparisons struct {
	Members    []Comparison `json:"members"`
	Conditions Conditions   `json:"conditions"`
	Warnings   []string     `json:"warnings"`
}

// WriteComparisons writes c as table, md or json.
func WriteComparisons(w io.Writer, format string, c *Comparisons) error {
	switch format {
	case "table":
		return c.sheet().writeTerminal(w)
	case "md":
		return c.sheet().writeMarkdown(w)
	case "json":
		full := *c
		full.Warnings = append([]string{}, c.Warnings...)
		full.Conditions.Objectives = append([]string{}, c.Conditions.Objectives...)
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		return encoder.Encode(full)
	}
	return fmt.Errorf("results: format %.20q: comparisons are written as table, md or json", format)
}

func (c *Comparisons) sheet() sheet {
	var list []Candidate
	for _, m := range c.Members {
		list = append(list, m.Candidate)
	}
	l := newLayout(list, layout{})
	var g grid
	for i := range c.Members {
		m := &c.Members[i]
		g.row()
		if l.named {
			g.words("model", m.Name)
		}
		g.number("predicted "+l.latency.name, l.latency.fixed(m.LatencyNS))
		g.number("interval"+" "+l.latency.name, l.latency.fixed(m.LatencyLow)+"–"+l.latency.fixed(m.LatencyHigh))
		g.number("measured "+l.latency.name, l.latency.fixed(m.Floor))
		g.number("difference", fmt.Sprintf("%+.1f %%", 100*m.Difference))
		g.number("median"+" "+l.latency.name, l.latency.fixed(m.Median))
		g.number("95 %"+" "+l.latency.name, l.latency.fixed(m.Low)+"–"+l.latency.fixed(m.High))
		g.number("rounds at floor", fmt.Sprintf("%d of %d", m.Confirmed, m.Rounds))
		g.number("planned B", strconv.FormatInt(m.MemoryBytes, 10))
		g.number("allocated B", strconv.FormatInt(m.AllocatedBytes, 10))
		g.architecture(&m.Candidate)
	}
	s := sheet{above: c.Conditions.words(len(c.Members)), grids: []grid{g}, below: []string{
		"predicted  a sum of ops that were measured at work in other models, undisturbed",
		"measured   the whole model ran: the undisturbed time, reached within 1 % in so many rounds, and the median of all rounds with its 95 % interval",
	}}
	for _, text := range c.Warnings {
		s.below = append(s.below, "warning    "+text)
	}
	return s
}

// ReadComparisons reads what WriteComparisons wrote as json.
func ReadComparisons(data []byte) (*Comparisons, error) {
	c := &Comparisons{}
	if err := strictjson.Decode(data, c); err != nil {
		return nil, err
	}
	if len(c.Members) == 0 {
		return nil, errors.New("results: no members in it")
	}
	oneline.EscapeAll(c)
	for i := range c.Members {
		m := &c.Members[i]
		err := m.validate()
		if err == nil && !(0 < m.Floor && m.Low <= m.Median && m.Median <= m.High) {
			err = fmt.Errorf("measured %v ns, median %v ns in %v…%v ns", m.Floor, m.Median, m.Low, m.High)
		}
		if err != nil {
			return nil, fmt.Errorf("results: members, member %d: %w", i+1, err)
		}
	}
	return c, nil
}
