package results

import (
	"errors"
	"fmt"
	"math"

	"nas/space"
)

// Kind says where a time comes from.
type Kind string

const (
	Measured  Kind = "measured"  // the whole model ran
	Predicted Kind = "predicted" // a sum of measured ops
	Modelled  Kind = "modelled"  // from an analytic model of the device
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
	Score              float64    `json:"score"`
	ScoreResolution    float64    `json:"score_resolution"` // smaller differences say nothing
	Tie                bool       `json:"tie"`              // a neighbour by score is closer than the resolution
	Dominated          bool       `json:"dominated,omitempty"`
	Source             string     `json:"source,omitempty"` // of a reference model's shape
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
	for _, v := range []float64{c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.Score, c.ScoreResolution} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a figure is not finite")
		}
	}
	switch c.LatencyKind {
	case Measured, Predicted, Modelled:
	default:
		return fmt.Errorf("latency_kind %.20q is none of %s, %s, %s", c.LatencyKind, Measured, Predicted, Modelled)
	}
	if c.LatencyNS <= 0 || c.LatencyLow > c.LatencyNS || c.LatencyNS > c.LatencyHigh {
		return fmt.Errorf("latency %v ns in an interval of %v…%v ns", c.LatencyNS, c.LatencyLow, c.LatencyHigh)
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
