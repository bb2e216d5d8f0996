package results

import (
	"errors"
	"fmt"
	"math"
	"regexp"

	"nas/search"
	"nas/space"
)

// Kind says where a time comes from.
type Kind string

const (
	Measured  Kind = "measured"   // the whole model ran
	OverLimit Kind = "over-limit" // likewise, and took longer than its limit
	Predicted Kind = "predicted"  // a sum of measured ops
	Modelled  Kind = "modelled"   // from an analytic model of the device
)

// Candidate is an architecture with its figures. In JSON and CSV they have exact
// digits.
type Candidate struct {
	Name               string     `json:"name,omitempty"` // of a reference model
	Arch               space.Arch `json:"arch"`
	Params             int64      `json:"params"`
	ParamsNonEmbedding int64      `json:"params_nonembedding"`
	MemoryBytes        int64      `json:"memory_bytes"` // weights + arena + KV cache
	WeightsBytes       int64      `json:"weights_bytes"`
	ArenaBytes         int64      `json:"arena_bytes"`
	KVBytes            int64      `json:"kv_bytes"`
	FlashBytes         int64      `json:"flash_bytes"` // the weights file
	LatencyNS          float64    `json:"latency_ns"`
	LatencyLow         float64    `json:"latency_ns_low"`
	LatencyHigh        float64    `json:"latency_ns_high"`
	LatencyKind        Kind       `json:"latency_kind"`
	Latencies          []Latency  `json:"latencies,omitempty"` // all, the first being the one above; none where it is the only one
	Score              float64    `json:"score"`
	ScoreResolution    float64    `json:"score_resolution"` // smaller differences say nothing
	Tie                bool       `json:"tie"`              // a neighbour by score is closer than the resolution
	Dominated          bool       `json:"dominated,omitempty"`
	Source             string     `json:"source,omitempty"` // of a reference model's shape
}

// Latency is one of several: on one of several devices, or in one of two phases.
type Latency struct {
	Name string  `json:"name"`
	NS   float64 `json:"ns"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Kind Kind    `json:"kind"`
}

// maxLatencies bounds what is read.
const maxLatencies = 64

var latencyName = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,100}$`)

// SetLatencies takes over what is known of the times, the first being the one that
// is shown where there is room for one.
func (c *Candidate) SetLatencies(list []Latency) {
	c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.LatencyKind = list[0].NS, list[0].Low, list[0].High, list[0].Kind
	c.Latencies = nil
	if len(list) > 1 {
		c.Latencies = list
	}
}

// AllLatencies are those of c, also where there is only one; its name is then
// search.Latency.
func (c *Candidate) AllLatencies() []Latency {
	if len(c.Latencies) > 0 {
		return c.Latencies
	}
	return []Latency{{search.Latency, c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.LatencyKind}}
}

// SetMemory takes over a memory plan.
func (c *Candidate) SetMemory(m space.Memory) {
	c.MemoryBytes, c.WeightsBytes, c.ArenaBytes = int64(m.Total()), int64(m.Weights), int64(m.Arena)
	c.KVBytes, c.FlashBytes = int64(m.KV), int64(m.Flash)
}

// validate reports what cannot be.
func (c *Candidate) validate() error {
	if err := c.Arch.Validate(); err != nil {
		return err
	}
	for _, v := range []float64{c.Score, c.ScoreResolution} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a figure is not finite")
		}
	}
	if err := c.validateLatencies(); err != nil {
		return err
	}
	if c.ScoreResolution < 0 {
		return fmt.Errorf("score resolution %v is negative", c.ScoreResolution)
	}
	if c.Params < c.ParamsNonEmbedding || c.ParamsNonEmbedding < 0 {
		return fmt.Errorf("%d of %d parameters outside the embedding", c.ParamsNonEmbedding, c.Params)
	}
	for _, v := range []int64{c.WeightsBytes, c.ArenaBytes, c.KVBytes, c.FlashBytes} {
		if v < 0 || v > math.MaxInt64/4 {
			return fmt.Errorf("a size of %d bytes", v)
		}
	}
	if sum := c.WeightsBytes + c.ArenaBytes + c.KVBytes; c.MemoryBytes != sum {
		return fmt.Errorf("memory_bytes %d is not the %d of weights, arena and KV cache", c.MemoryBytes, sum)
	}
	return nil
}

func (c *Candidate) validateLatencies() error {
	for _, l := range c.AllLatencies() {
		switch l.Kind {
		case Measured, OverLimit, Predicted, Modelled:
		default:
			return fmt.Errorf("latency_kind %.20q is none of %s, %s, %s, %s", l.Kind, Measured, OverLimit, Predicted, Modelled)
		}
		if !(0 < l.NS && l.Low <= l.NS && l.NS <= l.High) || math.IsInf(l.Low, 0) || math.IsInf(l.High, 0) {
			return fmt.Errorf("latency %v ns in an interval of %v…%v ns", l.NS, l.Low, l.High)
		}
	}
	if n := len(c.Latencies); n == 1 || n > maxLatencies {
		return fmt.Errorf("a list of %d latencies: there are 2 to %d, or no list", n, maxLatencies)
	}
	seen := map[string]bool{}
	for i, l := range c.Latencies {
		if !latencyName.MatchString(l.Name) || seen[l.Name] {
			return fmt.Errorf("latency %d: name %.40q: each has one of its own, of letters, digits and . _ - /", i+1, l.Name)
		}
		seen[l.Name] = true
	}
	if n := len(c.Latencies); n > 0 && c.Latencies[0] != (Latency{c.Latencies[0].Name, c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.LatencyKind}) {
		return errors.New("the first of the latencies is not latency_ns with its interval and kind")
	}
	return nil
}

// latencyNames are those of c's list, which all candidates of a report share.
func (c *Candidate) latencyNames() (names []string) {
	for _, l := range c.Latencies {
		names = append(names, l.Name)
	}
	return names
}
