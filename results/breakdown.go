package results

import (
	"fmt"
	"math"
	"strings"

	"nas/space"
)

// Breakdown says where the latencies of candidates go. Runs of steps that take the
// same ops are one Block, however many candidates and layers share it.
type Breakdown struct {
	Overhead float64 // ns of a run besides its steps
	Blocks   []Block
	Spans    [][]int // of each candidate: its blocks, before the layers, one a layer, after them
}

// Block is what a layer runs, or what comes before or after the layers.
type Block []StepTime

// StepTime is a step's share of the latency.
type StepTime struct {
	Name string  `json:"name"`
	Part string  `json:"part"` // one of Parts
	Op   string  `json:"op"`
	NS   float64 `json:"ns"`
	MACs int64   `json:"macs"`
}

// Parts are what steps are for.
var Parts = []string{"embedding", "projections", "attention", "feed-forward", "norms", "head", "overhead"}

// NewBreakdown takes the candidates' programs under w apart; times gives what the
// steps of a program take in ns.
func NewBreakdown(list []Candidate, w space.Workload, overhead float64, times func(*space.Program) func(space.Op) float64) *Breakdown {
	b := &Breakdown{Overhead: overhead}
	known := map[string]int{}
	for i := range list {
		program := space.Lower(list[i].Arch, w)
		ns := times(program)
		blocks := make([]Block, len(list[i].Arch.Layers)+2)
		for _, s := range program.Steps {
			at := s.Layer + 1
			if s.Layer == space.Epilogue {
				at = len(blocks) - 1
			}
			name := strings.TrimPrefix(s.Name, fmt.Sprintf("layers.%d.", s.Layer))
			blocks[at] = append(blocks[at], StepTime{name, part(name, s.Op.Kind), s.Op.String(), ns(s.Op), s.Op.MACs()})
		}
		span := make([]int, len(blocks))
		for j, block := range blocks {
			key := block.key()
			n, ok := known[key]
			if !ok {
				n = len(b.Blocks)
				known[key] = n
				b.Blocks = append(b.Blocks, block)
			}
			span[j] = n
		}
		b.Spans = append(b.Spans, span)
	}
	return b
}

func (b Block) key() string {
	var s strings.Builder
	for _, step := range b {
		fmt.Fprintln(&s, step.Name, step.Op, step.NS)
	}
	return s.String()
}

// part is what a step is for.
func part(name string, k space.Kind) string {
	switch {
	case k == space.Norm:
		return "norms"
	case strings.HasPrefix(name, "embedding"):
		return "embedding"
	case k == space.Attention || k == space.KVStore:
		return "attention"
	case strings.HasPrefix(name, "attention."):
		return "projections"
	case strings.HasPrefix(name, "ffn."):
		return "feed-forward"
	}
	return "head"
}

// Total is the latency of a candidate, in ns.
func (b *Breakdown) Total(candidate int) float64 {
	sum := b.Overhead
	for _, n := range b.Spans[candidate] {
		for _, s := range b.Blocks[n] {
			sum += s.NS
		}
	}
	return sum
}

// Differs is by how much, relatively, the sums miss the n-th latencies of list at most.
func (b *Breakdown) Differs(list []Candidate, n int) (most float64) {
	for i := range list {
		most = max(most, math.Abs(b.Total(i)/list[i].AllLatencies()[n].NS-1))
	}
	return most
}
