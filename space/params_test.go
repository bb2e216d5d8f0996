package space

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Published counts, in millions as the papers round them.
func TestParamsOfReferences(t *testing.T) {
	published := map[string]float64{"BERT-tiny": 4.4, "BERT-mini": 11.3, "BERT-small": 29.1, "BERT-medium": 41.7, "BERT-base": 110,
		"TinyBERT-4": 14.5, "TinyBERT-6": 67, "GPT-2 small": 124, "stories15M": 15, "stories42M": 42, "SmolLM-135M": 135}
	for _, family := range []Family{Encoder, Decoder} {
		for _, r := range References(family) {
			got := CountParams(r.Arch)
			if want := published[r.Name] * 1e6; math.Abs(float64(got.Total)-want) > 0.015*want {
				t.Errorf("%s: %d parameters, published %.1f M", r.Name, got.Total, published[r.Name])
			}
			if r.Params != 0 && got.Total != r.Params {
				t.Errorf("%s: %d parameters, exactly %d are published", r.Name, got.Total, r.Params)
			}
			if got.NonEmbedding()+got.Embedding != got.Total || got.Embedding < int64(r.Arch.Vocabulary)*int64(r.Arch.Embedding) {
				t.Errorf("%s: %+v does not add up", r.Name, got)
			}
		}
	}
}

// truth reads a published file that stands beside the project.
func truth(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open("../../shared/data/truth/" + name)
	if err != nil {
		t.Skip("published data is not at hand: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, v := range row {
			m[rows[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}

func integers(t *testing.T, s string) []int {
	t.Helper()
	var list []int
	for _, f := range strings.Fields(s) {
		v, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// GPT-2 models of Javaheripi et al. 2022, whose exact non-embedding counts are
// published.
func TestParamsOfLTS(t *testing.T) {
	checked := 0
	for _, row := range truth(t, "lts_random_wt103.csv") {
		if row["backbone"] != "GPT2" {
			continue
		}
		d := integers(t, row["d_model"])[0]
		a := Arch{Model: Model{Family: Decoder, Vocabulary: 1000, Positions: 16, Activation: GELU, Bias: true, Head: Tied}, Embedding: d, Hidden: d}
		heads := integers(t, row["n_head"])
		for i, ff := range integers(t, row["d_inner"]) {
			a.Layers = append(a.Layers, Layer{heads[i], d / heads[i], heads[i], ff})
		}
		if got, want := CountParams(a).NonEmbedding(), int64(integers(t, row["params_nonemb_calc"])[0]); got != want {
			t.Fatalf("%s: %d non-embedding parameters, published %d", row["id"], got, want)
		}
		checked++
	}
	t.Logf("%d architectures", checked)
	if checked < 100 {
		t.Errorf("only %d rows were checked", checked)
	}
}

// GPT-2-like models of HW-GPT-Bench: gated feed-forward, heads of width 64, and
// norms whose shift is counted only with biases.
func TestParamsOfHWGPT(t *testing.T) {
	checked := 0
	for _, row := range truth(t, "hwgpt_s_open.csv") {
		d := integers(t, row["n_embd"])[0]
		bias := row["bias"] != "0" && row["bias"] != "False"
		a := Arch{Model: Model{Family: Decoder, Vocabulary: 1000, Positions: 16, Activation: SiLU, Gated: true, Bias: bias, Head: Tied}, Embedding: d, Hidden: d}
		heads := integers(t, row["n_head"])
		for i, ratio := range integers(t, row["mlp_ratio"]) {
			a.Layers = append(a.Layers, Layer{heads[i], 64, heads[i], ratio * d})
		}
		if got, want := CountParams(a).NonEmbedding(), int64(integers(t, row["params_nonemb"])[0]); got != want {
			t.Fatalf("%s: %d non-embedding parameters, published %d (bias=%t)", row["arch_id"], got, want, bias)
		}
		checked++
	}
	t.Logf("%d architectures", checked)
}
