package space

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxFile is the largest space file; real ones are below 2 KB.
const maxFile = 64 << 10

// maxChoices is the number of choices that a gene may have: an index fits a byte.
const maxChoices = 255

// Fault is what is wrong at a place of a space file.
type Fault struct {
	File         string
	Line, Column int // from 1; 0: the whole file
	Why          string
}

func (f Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Why)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Why)
}

// FileError is everything that is wrong with a space file, in the file's order.
// Its text is the first fault.
type FileError struct{ Faults []Fault }

func (e *FileError) Error() string {
	s := "space: " + e.Faults[0].Error()
	if n := len(e.Faults) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Parse reads a space from YAML; file is its name for errors. Strict: unknown and
// duplicate keys, aliases, tags, several documents and numbers in any form but
// plain decimal are faults. The error is a *FileError.
func Parse(file string, data []byte) (*Space, error) {
	r := reader{file: file}
	if s := r.space(data); len(r.faults) == 0 {
		return s, nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return (a.Line-b.Line)*1000 + a.Column - b.Column })
	return nil, &FileError{r.faults}
}

// space reads the document. What it returns is meant only if there are no faults.
func (r *reader) space(data []byte) *Space {
	root := r.document(data)
	if root == nil {
		return nil
	}
	s := &Space{}
	m := &s.Model
	keys := r.mapping(root, []string{"name", "family", "vocabulary", "positions", "segments", "position", "norm", "activation", "gated",
		"bias", "head", "workload", "embedding", "hidden", "layers", "heads", "head_width", "kv_heads", "ffn"},
		[]string{"name", "family", "vocabulary", "hidden", "layers", "heads", "ffn"})
	if keys == nil {
		return nil
	}
	r.text(keys["name"], func(v string) error {
		if s.Name = v; !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(v) {
			return errors.New("a name is letters, digits, dots, dashes and underscores, at most 64")
		}
		return nil
	})
	unmarshal(r, keys["family"], &m.Family)
	m.Positions, m.Segments, m.Activation, m.Bias, m.Head = 512, 2, GELU, true, Pooler
	if m.Family == Decoder {
		m.Positions, m.Segments, m.Activation, m.Bias, m.Head = 2048, 0, SiLU, false, Tied
		m.Position, m.Norm, m.Gated = Rotary, RMSNorm, true
	}
	r.number(keys["vocabulary"], &m.Vocabulary, 1, maxVocabulary)
	r.number(keys["positions"], &m.Positions, 1, maxPositions)
	r.number(keys["segments"], &m.Segments, 0, 16)
	unmarshal(r, keys["position"], &m.Position)
	unmarshal(r, keys["norm"], &m.Norm)
	unmarshal(r, keys["activation"], &m.Activation)
	r.boolean(keys["gated"], &m.Gated)
	r.boolean(keys["bias"], &m.Bias)
	unmarshal(r, keys["head"], &m.Head)

	if n := keys["embedding"]; n != nil && n.Value != "hidden" {
		s.Embedding = r.choices(n, 1, maxWidth, "a number, a list or the word hidden")
	}
	s.Hidden = r.choices(keys["hidden"], 1, maxWidth, "a number or a list")
	s.Depth = r.choices(keys["layers"], 1, maxLayers, "a number or a list")
	s.Heads = r.gene(keys["heads"], 1, maxHeads, "")
	s.HeadWidth = r.gene(keys["head_width"], 1, maxHeadWidth, "hidden/heads")
	s.KVHeads = r.gene(keys["kv_heads"], 1, maxHeads, "heads")
	s.FFN = r.gene(keys["ffn"], 1, maxDepth, "")
	r.workload(keys["workload"], s)
	if len(r.faults) == 0 {
		r.check(keys, s)
	}
	return s
}

// workload reads what the space is meant for.
func (r *reader) workload(n *yaml.Node, s *Space) {
	w := Workload{Batch: 1, Tokens: min(128, s.Model.Positions)}
	known := []string{"sequence", "batch"}
	if s.Model.Family == Decoder {
		w.Phase, w.Context = Decode, min(256, s.Model.Positions)
		known = []string{"prompt", "context", "phase", "batch"}
	}
	if n != nil {
		keys := r.mapping(n, known, nil)
		r.number(keys["sequence"], &w.Tokens, 1, maxPositions)
		r.number(keys["prompt"], &w.Tokens, 1, maxPositions)
		r.number(keys["context"], &w.Context, 1, maxPositions)
		r.number(keys["batch"], &w.Batch, 1, 1024)
		unmarshal(r, keys["phase"], &w.Phase)
		if err := w.Validate(s.Model); err != nil && len(r.faults) == 0 {
			r.fail(n, "%s", strings.TrimPrefix(err.Error(), "space: "))
		}
	}
	s.Workload = w
}

// check holds every combination of choices to what an Arch may be.
func (r *reader) check(keys map[string]*yaml.Node, s *Space) {
	for _, heads := range s.Heads.Choices {
		for _, hidden := range s.Hidden {
			if len(s.HeadWidth.Choices) > 0 {
				break
			}
			if hidden%heads != 0 {
				r.fail(keys["heads"], "%d heads do not divide the hidden width %d; choose others, or give head_width a value of its own", heads, hidden)
				return
			}
			if width := hidden / heads; width > maxHeadWidth || s.Model.Position == Rotary && width%2 != 0 {
				r.fail(keys["heads"], "%d heads of hidden width %d are %d wide; at most %d, and even for rotary positions", heads, hidden, width, maxHeadWidth)
				return
			}
		}
		for _, kv := range s.KVHeads.Choices {
			if heads%kv != 0 {
				r.fail(keys["kv_heads"], "%d KV heads do not divide %d heads", kv, heads)
				return
			}
		}
	}
	for _, width := range s.HeadWidth.Choices {
		if s.Model.Position == Rotary && width%2 != 0 {
			r.fail(keys["head_width"], "rotary positions need an even width, not %d", width)
			return
		}
	}
	for _, last := range []bool{false, true} {
		if err := s.extreme(last).Validate(); err != nil {
			r.fail(keys["family"], "the %s architecture cannot be built: %s", map[bool]string{false: "smallest", true: "largest"}[last], strings.TrimPrefix(err.Error(), "space: "))
			return
		}
	}
}

// extreme is the architecture of all first or all last choices.
func (s *Space) extreme(last bool) Arch {
	pick := func(n int) uint8 {
		if last && n > 0 {
			return uint8(n - 1)
		}
		return 0
	}
	g := Genes{pick(len(s.Embedding)), pick(len(s.Hidden)), pick(len(s.Depth))}
	for range s.Depth[g[GeneDepth]] {
		for _, gene := range s.layerGenes() {
			g = append(g, pick(len(gene.Choices)))
		}
	}
	return s.Arch(g)
}
