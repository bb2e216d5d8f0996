package space

import "fmt"

// Phase is which of a model's runs is meant.
type Phase uint8

const (
	Encode  Phase = iota // an encoder over whole sequences
	Prefill              // a decoder over its prompt, filling the cache
	Decode               // a decoder making one token at a given context
)

var phaseNames = []string{"encode", "prefill", "decode"}

func (p Phase) String() string { return phaseNames[p] }

// Workload is what a model is asked to do.
type Workload struct {
	Phase   Phase `json:"phase"`
	Batch   int   `json:"batch"`   // B sequences at once
	Tokens  int   `json:"tokens"`  // T of a sequence (Encode) or of a prompt
	Context int   `json:"context"` // tokens that the KV cache holds, the new one included; 0 for Encode
}

// String is the short form that users read: "encode 128", "decode 256 after 128".
func (w Workload) String() string {
	s := ""
	switch w.Phase {
	case Encode:
		s = fmt.Sprintf("encode %d tokens", w.Tokens)
	case Prefill:
		s = fmt.Sprintf("prefill %d tokens (cache %d)", w.Tokens, w.Context)
	case Decode:
		s = fmt.Sprintf("decode 1 token at context %d (prompt %d)", w.Context, w.Tokens)
	}
	return fmt.Sprintf("%s, batch %d", s, w.Batch)
}

// Validate reports why w does not fit m.
func (w Workload) Validate(m Model) error {
	if (w.Phase == Encode) != (m.Family == Encoder) {
		return fmt.Errorf("space: workload: %v is not a phase of a %v", w.Phase, m.Family)
	}
	if w.Batch < 1 || w.Batch > 1024 {
		return fmt.Errorf("space: workload: batch %d is outside 1…1024", w.Batch)
	}
	if w.Tokens < 1 || w.Tokens > m.Positions {
		return fmt.Errorf("space: workload: %d tokens are outside 1…%d positions", w.Tokens, m.Positions)
	}
	if m.Family == Decoder && (w.Context < w.Tokens || w.Context > m.Positions) {
		return fmt.Errorf("space: workload: context %d is outside %d tokens … %d positions", w.Context, w.Tokens, m.Positions)
	}
	return nil
}

// Phases are the runs that a deployment of w needs room for: an encoder's one, a
// decoder's two.
func (w Workload) Phases() []Workload {
	if w.Phase == Encode {
		return []Workload{w}
	}
	prefill, decode := w, w
	prefill.Phase, decode.Phase = Prefill, Decode
	return []Workload{prefill, decode}
}
