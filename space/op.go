package space

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the kind of a fused int8 step.
type Kind uint8

const (
	// Embed adds up Rows embeddings of width N from Tables tables (word,
	// position, segment), float32 out; the word table has K rows. Packed: it is
	// the matrix of a tied head.
	Embed Kind = iota
	// Norm normalises Rows rows of width N.
	Norm
	// Linear quantises Rows rows of depth K per row, multiplies them with an
	// int8 matrix of N columns and applies bias, activation and residual.
	// Gated: N = 2F columns in pairs, F outputs act(gate)*up.
	Linear
	// KVStore quantises the keys and values of Batch x Rows tokens into an
	// int8 cache; Rotary: rotates queries and keys first.
	KVStore
	// Attention is softmax(Q K^T / sqrt(D)) V for Batch sequences of Rows
	// queries over Context cached tokens.
	Attention
)

var kindNames = []string{"embed", "norm", "linear", "kvstore", "attention"}

func (k Kind) String() string { return kindNames[k] }

// Op is a step's kind and shape, without weights and layer number: the key of a
// latency table. Fields that a Kind does not name are zero.
type Op struct {
	Kind       Kind
	Batch      int // sequences; KVStore and Attention
	Rows       int // rows of the input; per sequence for KVStore and Attention
	N, K       int
	Heads      int
	KVHeads    int
	HeadWidth  int
	Context    int // cached tokens that Attention reads
	Tables     int
	Norm       NormKind
	Activation Activation
	Gated      bool
	Bias       bool
	Residual   bool
	Causal     bool
	Rotary     bool
	Packed     bool
}

// MACs is the number of int8 multiply-adds; a causal Attention computes only what
// it looks at.
func (o Op) MACs() int64 {
	switch o.Kind {
	case Linear:
		return int64(o.Rows) * int64(o.N) * int64(o.K)
	case Attention:
		pairs := int64(o.Rows) * int64(o.Context)
		if o.Causal {
			pairs -= int64(o.Rows) * int64(o.Rows-1) / 2
		}
		return 2 * int64(o.Batch) * int64(o.Heads) * pairs * int64(o.HeadWidth)
	}
	return 0
}

// numbers and flags give the text form its order; both directions read them.
func (o *Op) numbers() []struct {
	name string
	v    *int
} {
	type n = struct {
		name string
		v    *int
	}
	return []n{{"batch", &o.Batch}, {"rows", &o.Rows}, {"n", &o.N}, {"k", &o.K}, {"heads", &o.Heads}, {"kv", &o.KVHeads},
		{"width", &o.HeadWidth}, {"context", &o.Context}, {"tables", &o.Tables}}
}

func (o *Op) flags() []struct {
	name string
	v    *bool
} {
	type f = struct {
		name string
		v    *bool
	}
	return []f{{"gated", &o.Gated}, {"bias", &o.Bias}, {"residual", &o.Residual}, {"causal", &o.Causal}, {"rotary", &o.Rotary}, {"packed", &o.Packed}}
}

// String is the canonical text form, which ParseOp reads:
// "linear rows=128 n=768 k=768 act=gelu bias".
func (o Op) String() string {
	s := []string{o.Kind.String()}
	for _, n := range o.numbers() {
		if *n.v != 0 {
			s = append(s, n.name+"="+strconv.Itoa(*n.v))
		}
	}
	if o.Norm != 0 {
		s = append(s, "norm="+o.Norm.String())
	}
	if o.Activation != 0 {
		s = append(s, "act="+o.Activation.String())
	}
	for _, f := range o.flags() {
		if *f.v {
			s = append(s, f.name)
		}
	}
	return strings.Join(s, " ")
}

// sizesOf are the sizes that ops of each kind have, in the order of numbers.
var sizesOf = []string{"rows n k tables", "rows n", "rows n k", "batch rows heads kv width", "batch rows heads kv width context"}

// Bounds of an op read from outside: of every size, and of their product, so that
// counts of it fit their types.
const (
	maxOpSize = 1 << 24
	maxOpWork = 1 << 60
)

// ParseOp reads what String wrote, and nothing else.
func ParseOp(text string) (Op, error) {
	var o Op
	bad := func(why string) (Op, error) { return Op{}, fmt.Errorf("space: op %.80q: %s", text, why) }
	words := strings.Split(text, " ")
	kind, ok := index(kindNames, words[0])
	if !ok {
		return bad("the kinds are " + strings.Join(kindNames, ", "))
	}
	o.Kind = Kind(kind)
word:
	for _, w := range words[1:] {
		name, value, hasValue := strings.Cut(w, "=")
		if !hasValue {
			for _, f := range o.flags() {
				if f.name == name {
					*f.v = true
					continue word
				}
			}
			return bad(fmt.Sprintf("unknown flag %.20q", w))
		}
		for _, n := range o.numbers() {
			if n.name == name {
				v, err := strconv.Atoi(value)
				if err != nil || v < 1 || v > maxOpSize {
					return bad(fmt.Sprintf("%s is no size", w))
				}
				*n.v = v
				continue word
			}
		}
		if i, ok := index(normNames, value); name == "norm" && ok {
			o.Norm = NormKind(i)
		} else if i, ok := index(activationNames, value); name == "act" && ok {
			o.Activation = Activation(i)
		} else {
			return bad(fmt.Sprintf("unknown %.30q", w))
		}
	}
	var sizes []string
	work := 1.0
	for _, n := range o.numbers() {
		if *n.v != 0 {
			sizes, work = append(sizes, n.name), work*float64(*n.v)
		}
	}
	if want := sizesOf[kind]; strings.Join(sizes, " ") != want {
		return bad(fmt.Sprintf("the sizes of %s are %s", words[0], strings.ReplaceAll(want, " ", ", ")))
	}
	if work > maxOpWork {
		return bad("larger than any machine computes")
	}
	if o.String() != text {
		return bad("not in canonical form; it would be written " + strconv.Quote(o.String()))
	}
	return o, nil
}

func index(names []string, s string) (int, bool) {
	for i, n := range names {
		if n == s {
			return i, true
		}
	}
	return 0, false
}
