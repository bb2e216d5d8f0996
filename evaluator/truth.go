package evaluator

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"nas/internal/oneline"
	"nas/space"
)

// MaxTruth is the largest file of trained models, in bytes; published ones stay
// below 2 MB.
const MaxTruth = 32 << 20

// Truth is a set of trained models of one family with one metric.
type Truth struct {
	Set    string
	Metric string // as the source names it
	Lower  bool   // a lower metric is better
	Models []Trained
	Digest string // of the file: SHA-256
}

// Trained is one model that somebody trained.
type Trained struct {
	ID           string
	Arch         space.Arch
	NonEmbedding float64 // parameters outside the embedding, as the source counts them
	Total        float64 // parameters, as the source counts them
	Score        float64 // the metric, negative where lower is better
	Seed         string  // of its training; empty: the source does not say
}

// columns of a file of trained models. Layer by layer columns hold their values
// apart by spaces; ffn_matrices is 2 (plain) or 3 (gated); better is higher or
// lower. Empty parameter counts are counted from the shape.
var columns = []string{"set", "id", "family", "vocab", "embedding", "hidden", "layers", "head_dim", "heads", "kv_heads", "ffn",
	"ffn_matrices", "params_nonemb", "params_total", "metric", "value", "better", "seed"}

// optional is the column that a file may lack.
const optional = "seed"

// ParseTruth reads CSV with the columns set, id, family, vocab, embedding, hidden,
// layers, head_dim, heads, kv_heads, ffn, ffn_matrices, params_nonemb,
// params_total, metric, value and better, in any order, and seed where shapes were
// trained more than once. All rows are of one set,
// family, metric and direction: what could not be compared is refused. Errors begin
// with the line.
func ParseTruth(data []byte) (*Truth, error) {
	if len(data) > MaxTruth {
		return nil, fmt.Errorf("evaluator: a file of trained models is larger than %d bytes", MaxTruth)
	}
	r := csv.NewReader(bytes.NewReader(data))
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("1: no header: %w", err)
	}
	at := map[string]int{}
	for i, name := range header {
		if _, twice := at[name]; twice || !slices.Contains(columns, name) {
			return nil, fmt.Errorf("1: column %.40q is unknown or there twice; the columns are %s", name, strings.Join(columns, ", "))
		}
		at[name] = i
	}
	for _, name := range columns {
		if _, ok := at[name]; !ok && name != optional {
			return nil, fmt.Errorf("1: column %q is missing", name)
		}
	}
	t := &Truth{Digest: fmt.Sprintf("%x", sha256.Sum256(data))}
	ids := map[string]bool{}
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			return nil, fmt.Errorf("%d: %w", parse.Line, parse.Err)
		}
		line, _ := r.FieldPos(0)
		f := fields{at: at, record: record}
		m := f.trained()
		lower := f.text("better") == "lower"
		switch {
		case !lower && f.text("better") != "higher":
			f.fail("better", "neither higher nor lower")
		case ids[m.ID]:
			f.fail("id", "there twice; repeated seeds of one shape have ids of their own")
		case len(t.Models) == 0:
			t.Set, t.Metric, t.Lower = f.text("set"), f.text("metric"), lower
		case t.Set != f.text("set") || t.Metric != f.text("metric") || t.Lower != lower || t.Models[0].Arch.Family != m.Arch.Family:
			f.fail("set", "the rows are not of one set, family, metric and direction")
		}
		if f.err != nil {
			return nil, fmt.Errorf("%d: %w", line, f.err)
		}
		if lower {
			m.Score = -m.Score
		}
		ids[m.ID] = true
		t.Models = append(t.Models, m)
	}
	if len(t.Models) == 0 {
		return nil, errors.New("1: there is no row below the header")
	}
	return t, nil
}

// fields reads one row; err is its first fault.
type fields struct {
	at     map[string]int
	record []string
	err    error
}

func (f *fields) text(name string) string { return oneline.Escape(f.record[f.at[name]]) }

func (f *fields) fail(name, why string) {
	if f.err == nil {
		f.err = fmt.Errorf("%s %.40q: %s", name, f.text(name), why)
	}
}

func (f *fields) trained() Trained {
	m := Trained{ID: f.text("id"), Arch: f.arch(), Score: f.number("value")}
	if _, ok := f.at[optional]; ok {
		m.Seed = f.text(optional)
	}
	if f.err == nil {
		params := space.CountParams(m.Arch)
		m.NonEmbedding, m.Total = f.count("params_nonemb", params.NonEmbedding()), f.count("params_total", params.Total)
	}
	return m
}

// arch is the shape of a row. What the file does not say is as in the family's
// first models: BERT and GPT-2.
func (f *fields) arch() (a space.Arch) {
	if err := a.Family.UnmarshalText([]byte(f.text("family"))); err != nil {
		f.fail("family", "neither encoder nor decoder")
	}
	a.Vocabulary, a.Embedding, a.Hidden = f.integer("vocab"), f.integer("embedding"), f.integer("hidden")
	a.Positions, a.Segments, a.Head = 512, 2, space.Pooler
	if a.Family == space.Decoder {
		a.Positions, a.Segments, a.Head = 1024, 0, space.Tied
	}
	a.Activation, a.Bias = space.GELU, true
	switch f.text("ffn_matrices") {
	case "2":
	case "3":
		a.Gated = true
	default:
		f.fail("ffn_matrices", "neither 2 nor 3")
	}
	n := f.integer("layers")
	widths, heads, kv, ffn := f.list("head_dim", n), f.list("heads", n), f.list("kv_heads", n), f.list("ffn", n)
	if f.err != nil {
		return a
	}
	for i := range n {
		a.Layers = append(a.Layers, space.Layer{Heads: heads[i], HeadWidth: widths[i], KVHeads: kv[i], FFN: ffn[i]})
	}
	if err := a.Validate(); err != nil {
		f.err = err
	}
	return a
}

func (f *fields) integer(name string) int { return f.parse(name, f.text(name)) }

func (f *fields) parse(name, text string) int {
	v, err := strconv.Atoi(text)
	if err != nil || v < 0 || v > 1<<30 {
		f.fail(name, "not a whole number from 0 to 1073741824")
	}
	return v
}

func (f *fields) list(name string, n int) (values []int) {
	words := strings.Fields(f.text(name))
	if len(words) != n {
		f.fail(name, fmt.Sprintf("%d values for %d layers", len(words), n))
		return nil
	}
	for _, word := range words {
		values = append(values, f.parse(name, word))
	}
	return values
}

func (f *fields) number(name string) float64 {
	v, err := strconv.ParseFloat(f.text(name), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		f.fail(name, "not a finite number")
	}
	return v
}

func (f *fields) count(name string, counted int64) float64 {
	if f.text(name) == "" {
		return float64(counted)
	}
	v := f.number(name)
	if v < 1 {
		f.fail(name, "below one parameter")
	}
	return v
}
