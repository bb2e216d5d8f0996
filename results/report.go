package results

import (
	"fmt"
	"slices"

	"nas/search"
	"nas/space"
)

// Report is a front and what it holds for.
type Report struct {
	Front      []Candidate `json:"front"`      // best score first
	References []Candidate `json:"references"` // hand-designed models, for comparison
	Conditions Conditions  `json:"conditions"`
	Warnings   []string    `json:"warnings"`
	// Others are a sample of what the search evaluated besides: beaten by members, or
	// over a limit. CSV leaves them out.
	Others []Candidate `json:"others,omitempty"`
	// History is how the search came there: see search.HistoryPoint.
	History []search.HistoryPoint `json:"history,omitempty"`
}

// Models are all of r's candidates: the front, then references, then others.
func (r *Report) Models() []Candidate { return slices.Concat(r.Front, r.References, r.Others) }

// Conditions are what the figures of a report hold for. Equal conditions give equal
// reports.
type Conditions struct {
	Tool             string         `json:"tool"`
	Space            string         `json:"space"`
	Workload         space.Workload `json:"workload"`
	Device           string         `json:"device"`
	Level            string         `json:"level"` // of the kernels
	Threads          int            `json:"threads"`
	KernelVersion    int            `json:"kernel_version"`
	TableDate        string         `json:"table_date"` // when the ops were measured, RFC 3339
	Ops              int            `json:"ops"`        // of the latency table
	OpsWithoutQuorum int            `json:"ops_without_quorum"`
	Latencies        []Source       `json:"latencies,omitempty"` // where several come from, the first being the one above; none where it is the only one
	Evaluator        string         `json:"evaluator"`
	ScoreUnit        string         `json:"score_unit"`
	Objectives       []string       `json:"objectives"`
	Limits           Limits         `json:"limits"`
	Seed             uint64         `json:"seed"`
	Evaluations      int            `json:"evaluations"`
	Stop             string         `json:"stop"` // why the search ended
	Algorithm        string         `json:"algorithm,omitempty"`
	Feasibility      *Feasibility   `json:"feasibility,omitempty"`
	Exact            *Exact         `json:"exact,omitempty"`
}

// Feasibility is what the space reaches of what is limited.
type Feasibility struct {
	Share      float64 `json:"share"` // of random architectures that are within all limits
	Samples    int     `json:"samples"`
	Quantities []Reach `json:"quantities"`
}

// Reach is what the space reaches of one quantity, in bytes, ns or a count.
type Reach struct {
	Name     string  `json:"name"`
	Limit    float64 `json:"limit"`
	Smallest float64 `json:"smallest"`
	Typical  float64 `json:"typical"` // the median of random architectures
	Largest  float64 `json:"largest"`
}

// Exact is how far the front is from the exact one.
type Exact struct {
	Hypervolume float64 `json:"hypervolume"` // as a share of the exact front's
	Points      int     `json:"points"`      // of the exact front that were found
	Of          int     `json:"of"`
	Why         string  `json:"why,omitempty"` // it is not known; the others are then 0
}

// Limits are what was asked for; 0 is no limit.
type Limits struct {
	MemoryBytes int64   `json:"memory_bytes"`
	FlashBytes  int64   `json:"flash_bytes"`
	Params      int64   `json:"params"`
	LatencyNS   float64 `json:"latency_ns"` // of the first latency

	Latencies []LatencyLimit `json:"latencies,omitempty"` // of each, where there are several
}

// LatencyLimit is the limit of one of several latencies.
type LatencyLimit struct {
	Name string  `json:"name"`
	NS   float64 `json:"ns"`
}

// Source is where one of several latencies comes from.
type Source struct {
	Name             string         `json:"name"`
	Workload         space.Workload `json:"workload"`
	Device           string         `json:"device"`
	Level            string         `json:"level"`
	Threads          int            `json:"threads"`
	KernelVersion    int            `json:"kernel_version"`
	TableDate        string         `json:"table_date"`
	Ops              int            `json:"ops"`
	OpsWithoutQuorum int            `json:"ops_without_quorum"`
}

// Validate reports the first thing in r that cannot be.
func (r *Report) Validate() error {
	for _, list := range []struct {
		name       string
		candidates []Candidate
	}{{"front", r.Front}, {"references", r.References}, {"others", r.Others}} {
		for i := range list.candidates {
			if err := list.candidates[i].validate(); err != nil {
				return fmt.Errorf("results: %s, member %d: %w", list.name, i+1, err)
			}
			if names := list.candidates[i].latencyNames(); !slices.Equal(names, r.latencyNames()) {
				return fmt.Errorf("results: %s, member %d: latencies %q, others have %q", list.name, i+1, names, r.latencyNames())
			}
		}
	}
	return nil
}

// latencyNames are those of several latencies; none where there is one.
func (r *Report) latencyNames() []string {
	for _, list := range [][]Candidate{r.Front, r.References, r.Others} {
		if len(list) > 0 {
			return list[0].latencyNames()
		}
	}
	return nil
}
