package space

import (
	"fmt"
	"slices"
	"strings"
)

// Family is the kind of transformer.
type Family uint8

const (
	Encoder Family = iota // bidirectional, post-norm (BERT; Devlin et al. 2019)
	Decoder               // causal, pre-norm (GPT-2, Llama)
)

// NormKind is the normalisation of the residual stream.
type NormKind uint8

const (
	LayerNorm NormKind = iota // scale and shift (Ba et al. 2016)
	RMSNorm                   // scale only (Zhang & Sennrich 2019)
)

// PositionKind is how a model knows the order of its tokens.
type PositionKind uint8

const (
	Learned PositionKind = iota // a table added to the embedding
	Rotary                      // RoPE (Su et al. 2021) on queries and keys
)

// HeadKind is what stands behind the last layer.
type HeadKind uint8

const (
	NoHead HeadKind = iota // the hidden states themselves
	Pooler                 // tanh(W x) of the first token, C x C (BERT)
	Tied                   // logits from the embedding table
	Untied                 // logits from a matrix of their own
)

// Activation is the nonlinearity of a linear step.
type Activation uint8

const (
	Identity Activation = iota
	ReLU
	GELU
	SiLU
	Tanh
)

var (
	familyNames     = []string{"encoder", "decoder"}
	normNames       = []string{"layernorm", "rmsnorm"}
	positionNames   = []string{"learned", "rotary"}
	headNames       = []string{"none", "pooler", "tied", "untied"}
	activationNames = []string{"identity", "relu", "gelu", "silu", "tanh"}
)

func (f Family) String() string       { return familyNames[f] }
func (n NormKind) String() string     { return normNames[n] }
func (p PositionKind) String() string { return positionNames[p] }
func (h HeadKind) String() string     { return headNames[h] }
func (a Activation) String() string   { return activationNames[a] }

// Model is what all architectures of a space share. It is comparable.
type Model struct {
	Family     Family       `json:"family"`
	Vocabulary int          `json:"vocabulary"` // V
	Positions  int          `json:"positions"`  // the longest sequence
	Segments   int          `json:"segments"`   // rows of the token-type table, 0 for none (BERT has 2)
	Position   PositionKind `json:"position"`
	Norm       NormKind     `json:"norm"`
	Activation Activation   `json:"activation"` // of the feed-forward network
	Gated      bool         `json:"gated"`      // feed-forward is act(gate(x)) * up(x) (Shazeer 2020)
	Bias       bool         `json:"bias"`       // linear layers have biases
	Head       HeadKind     `json:"head"`
}

// Layer is one transformer block: attention with Heads query heads of HeadWidth,
// KVHeads key-value heads (KVHeads divides Heads; Ainslie et al. 2023), and a
// feed-forward network of width FFN.
type Layer struct {
	Heads     int `json:"heads"`
	HeadWidth int `json:"head_width"`
	KVHeads   int `json:"kv_heads"`
	FFN       int `json:"ffn"`
}

// Arch is one architecture. It is a value: nobody changes one that he was given.
// Its JSON form holds every field; whoever reads one calls Validate.
type Arch struct {
	Model
	Embedding int     `json:"embedding"` // E; where it differs from Hidden a projection E to C follows the table
	Hidden    int     `json:"hidden"`    // C
	Layers    []Layer `json:"layers"`
}

// Limits of what an Arch may be, far beyond a compact model, so that a hostile
// file cannot make sizes overflow. maxDepth keeps 255*127*K inside int32, which
// the int8 products need to be exact.
const (
	maxVocabulary = 1 << 20
	maxPositions  = 1 << 17
	maxWidth      = 1 << 14
	maxDepth      = 1 << 16
	maxHeads      = 256
	maxHeadWidth  = 512
	maxLayers     = 96
	maxParams     = 1 << 30
)

// Factorised reports whether the embedding has a width of its own.
func (a Arch) Factorised() bool { return a.Embedding != a.Hidden }

// Equal reports whether two architectures are the same.
func (a Arch) Equal(b Arch) bool {
	return a.Model == b.Model && a.Embedding == b.Embedding && a.Hidden == b.Hidden && slices.Equal(a.Layers, b.Layers)
}

// Key is the canonical name: equal for equal architectures and only for them.
func (a Arch) Key() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v v%d p%d s%d %v %v %v gated=%t bias=%t %v e%d h%d", a.Family, a.Vocabulary, a.Positions, a.Segments,
		a.Position, a.Norm, a.Activation, a.Gated, a.Bias, a.Head, a.Embedding, a.Hidden)
	for _, l := range a.Layers {
		fmt.Fprintf(&s, " %dx%d/%d:%d", l.Heads, l.HeadWidth, l.KVHeads, l.FFN)
	}
	return s.String()
}

// Validate reports the first reason why a cannot be built.
func (a Arch) Validate() error {
	within := func(what string, v, low, high int) error {
		if v < low || v > high {
			return fmt.Errorf("space: %s: %d is outside %d…%d", what, v, low, high)
		}
		return nil
	}
	checks := []error{
		within("vocabulary", a.Vocabulary, 1, maxVocabulary),
		within("positions", a.Positions, 1, maxPositions),
		within("segments", a.Segments, 0, 16),
		within("embedding", a.Embedding, 1, maxWidth),
		within("hidden", a.Hidden, 1, maxWidth),
		within("layers", len(a.Layers), 1, maxLayers),
	}
	for i, l := range a.Layers {
		at := fmt.Sprintf("layer %d: ", i+1)
		checks = append(checks,
			within(at+"heads", l.Heads, 1, maxHeads),
			within(at+"head_width", l.HeadWidth, 1, maxHeadWidth),
			within(at+"kv_heads", l.KVHeads, 1, maxHeads),
			within(at+"ffn", l.FFN, 1, maxDepth),
			within(at+"heads x head_width", l.Heads*l.HeadWidth, 1, maxDepth))
		if l.KVHeads > 0 && l.Heads%l.KVHeads != 0 {
			checks = append(checks, fmt.Errorf("space: %skv_heads: %d does not divide %d heads", at, l.KVHeads, l.Heads))
		}
		if a.Position == Rotary && l.HeadWidth%2 != 0 {
			checks = append(checks, fmt.Errorf("space: %shead_width: rotary positions need an even width, not %d", at, l.HeadWidth))
		}
	}
	if a.Family == Encoder && (a.Head == Tied || a.Head == Untied) || a.Family == Decoder && a.Head == Pooler {
		checks = append(checks, fmt.Errorf("space: head: %v does not belong to a %v", a.Head, a.Family))
	}
	if a.Family == Encoder && a.Position == Rotary {
		checks = append(checks, fmt.Errorf("space: position: an encoder has learned positions"))
	}
	if a.Segments > 0 && a.Family == Decoder {
		checks = append(checks, fmt.Errorf("space: segments: a decoder has none"))
	}
	if a.Activation == Identity || a.Activation == Tanh {
		checks = append(checks, fmt.Errorf("space: activation: %v is none of relu, gelu, silu", a.Activation))
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	if n := a.size(); n > maxParams {
		return fmt.Errorf("space: %d parameters are more than %d", n, maxParams)
	}
	return nil
}

// size is the number of parameters in the large matrices.
func (a Arch) size() int64 {
	c := int64(a.Hidden)
	n := int64(a.Vocabulary+a.Positions)*int64(a.Embedding) + int64(a.Embedding)*c
	if a.Head == Untied {
		n += int64(a.Vocabulary) * c
	}
	for _, l := range a.Layers {
		n += 2*c*int64(l.HeadWidth)*int64(l.Heads+l.KVHeads) + 3*c*int64(l.FFN)
	}
	return n
}
