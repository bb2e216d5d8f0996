package evaluator

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nas/internal/oneline"
	"nas/space"
)

const header = "set,id,family,vocab,embedding,hidden,layers,head_dim,heads,kv_heads,ffn,ffn_matrices,params_nonemb,params_total,metric,value,better\n"

const rows = `s,a,decoder,100,32,32,2,8 16,4 2,2 2,64 32,3,1000,4200,ppl,20,lower
s,a2,decoder,100,32,32,2,8 16,4 2,2 2,64 32,3,1000,4200,ppl,22,lower
s,b,decoder,100,32,48,1,16,3,1,64,2,,,ppl,18.5,lower
`

func TestParseTruth(t *testing.T) {
	truth, err := ParseTruth([]byte(header + rows))
	if err != nil {
		t.Fatal(err)
	}
	m := truth.Models[0]
	if truth.Set != "s" || truth.Metric != "ppl" || !truth.Lower || len(truth.Models) != 3 || m.ID != "a" || m.NonEmbedding != 1000 || m.Total != 4200 || m.Score != -20 {
		t.Errorf("%+v", truth)
	}
	want := []space.Layer{{Heads: 4, HeadWidth: 8, KVHeads: 2, FFN: 64}, {Heads: 2, HeadWidth: 16, KVHeads: 2, FFN: 32}}
	if !m.Arch.Gated || m.Arch.Hidden != 32 || len(m.Arch.Layers) != 2 || m.Arch.Layers[0] != want[0] || m.Arch.Layers[1] != want[1] {
		t.Errorf("%+v", m.Arch)
	}
	b := truth.Models[2]
	if p := space.CountParams(b.Arch); b.NonEmbedding != float64(p.NonEmbedding()) || b.Total != float64(p.Total) || b.Arch.Embedding != 32 {
		t.Errorf("%+v", b)
	}
}

func TestParseTruthFaults(t *testing.T) {
	row, _, _ := strings.Cut(rows, "\n")
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "1: "},
		{"no row", header, "1: there is no row"},
		{"missing column", strings.Replace(header, "kv_heads,", "", 1), `1: column "kv_heads" is missing`},
		{"unknown column", strings.Replace(header, "kv_heads,", "colour,", 1), "colour"},
		{"column twice", strings.Replace(header, "kv_heads,", "heads,", 1), "twice"},
		{"short row", header + "s,a\n", "2: wrong number of fields"},
		{"quote", header + "s,\"a\n", ": extraneous or missing"},
		{"quote at the end", header + "\"a", ": extraneous or missing"},
		{"same id", header + row + "\n" + row + "\n", `3: id "a": there twice`},
		{"two sets", header + row + "\n" + strings.Replace(row, "s,a", "x,b", 1), "3: set"},
		{"layers", header + strings.Replace(row, "4 2,2 2", "4 2,2", 1), `2: kv_heads "2": 1 values for 2 layers`},
		{"word", header + strings.Replace(row, "4 2,2 2", "4 two,2 2", 1), "2: heads"},
		{"negative", header + strings.Replace(row, ",32,32,", ",32,-32,", 1), "2: hidden"},
		{"heads", header + strings.Replace(row, "4 2,2 2", "4 2,3 2", 1), "2: space: layer 1: kv_heads: 3 does not divide 4 heads"},
		{"huge", header + strings.Replace(row, ",32,32,2,", ",32,32,1000000000,", 1), "2: head_dim"},
		{"NaN", header + strings.Replace(row, ",20,", ",NaN,", 1), "2: value"},
		{"infinite", header + strings.Replace(row, ",20,", ",1e999,", 1), "2: value"},
		{"no size", header + strings.Replace(row, ",1000,", ",0,", 1), "2: params_nonemb"},
		{"direction", header + strings.Replace(row, "lower", "upward", 1), "2: better"},
		{"matrices", header + strings.Replace(row, ",3,1000", ",4,1000", 1), "2: ffn_matrices"},
	} {
		if _, err := ParseTruth([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	truth, err := ParseTruth([]byte(header + rows))
	if err != nil {
		t.Fatal(err)
	}
	table := NewTable(truth)
	a, err := table.Evaluate(context.Background(), truth.Models[1].Arch)
	// Two runs at 20 and 22: deviation √2, standard error of the mean 1.
	if err != nil || a.Value != -21 || math.Abs(a.Resolution-1.96*math.Sqrt2) > 1e-12 || table.Unit() != "negative ppl" {
		t.Errorf("%+v %v, unit %q", a, err, table.Unit())
	}
	b, err := table.Evaluate(context.Background(), truth.Models[2].Arch)
	if err != nil || b.Value != -18.5 || math.Abs(b.Resolution-1.96*2) > 1e-12 {
		t.Errorf("%+v %v", b, err)
	}
	other := truth.Models[2].Arch
	other.Hidden = 64
	if _, err := table.Evaluate(context.Background(), other); err == nil {
		t.Error("a shape that the table lacks has a score")
	}
}

// Every published set is read whole.
func TestPublishedTruth(t *testing.T) {
	files, _ := filepath.Glob("../../shared/data/truth/std/*.csv")
	if len(files) == 0 {
		t.Skip("published data is not at hand")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		truth, err := ParseTruth(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
		} else if lines := strings.Count(string(data), "\n"); len(truth.Models) != lines-1 {
			t.Errorf("%s: %d models in %d lines", file, len(truth.Models), lines)
		}
	}
}

func FuzzParseTruth(f *testing.F) {
	f.Add([]byte(header + rows))
	f.Add([]byte(header))
	f.Add([]byte(strings.ReplaceAll(header+rows, "s,", "\x1b[2J\u009b\u202e,")))
	f.Add([]byte(strings.ReplaceAll(header+rows, "s,", "\"s\",")))
	f.Fuzz(func(t *testing.T, data []byte) {
		truth, err := ParseTruth(data)
		if err != nil {
			return
		}
		for _, m := range truth.Models {
			if !oneline.Printable(truth.Set + truth.Metric + m.ID + m.Seed) {
				t.Errorf("a text commands the terminal: %q", m.ID)
			}
			if err := m.Arch.Validate(); err != nil || m.Total < 1 || m.NonEmbedding < 0 || m.Score-m.Score != 0 {
				t.Errorf("%+v: %v", m, err)
			}
		}
	})
}
