package nn

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nas/internal/safetensors"
	"nas/space"
)

func openWeights(t *testing.T, path string) *safetensors.File {
	t.Helper()
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Files that testdata/weights.py wrote under Hugging Face's names hold the weights of
// its formula, to the digits of their types.
func TestReadPublicNames(t *testing.T) {
	for _, c := range []struct {
		file, model string
		tolerance   float64 // relative
		unused      []string
	}{{"llama", "llama factorised", 0, nil}, {"gpt", "gpt", 1.0 / 128, nil}, {"bert", "bert", 1.0 / 1024, []string{"embeddings.position_ids"}}} {
		list := examples(t)
		a := list[slices.IndexFunc(list, func(x example) bool { return x.Name == c.model })].Arch
		got, unused, err := ReadWeights(a, openWeights(t, "testdata/"+c.file+".safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(unused, c.unused) {
			t.Errorf("%s: unused are %v, want %v", c.file, unused, c.unused)
		}
		want := NewModel[float32](a, 1)
		fill(want)
		for _, tensor := range want.Tensors {
			for i := range tensor.Size() {
				g, w := float64(got.Params[tensor.Offset+i]), float64(want.Params[tensor.Offset+i])
				if math.Abs(g-w) > c.tolerance*math.Abs(w)+1e-4*c.tolerance {
					t.Fatalf("%s: %s[%d] is %v, want %v", c.file, tensor.Name, i, g, w)
				}
			}
		}
	}
}

// What is written is read again bit for bit, and so is a slice of a larger model, whose
// copy computes what the slice does.
func TestWeightsRoundTrip(t *testing.T) {
	for name, text := range map[string]string{"decoder": family, "encoder": strings.NewReplacer("decoder", "encoder",
		"kv_heads: {per_layer: [1, 2]}\n", "", "{prompt: 16, context: 32}", "{sequence: 16}").Replace(family)} {
		s := familySpace(t, text)
		net, err := NewSupernet(s, recipe(3), SupernetForm{Random: 1}, exec32(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		fill(net.Model)
		for g := range s.All() {
			a := s.Arch(g)
			if len(a.Layers) < 2 || a.Layers[0] == a.Layers[1] {
				continue
			}
			slice, err := net.Slice(a)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "x.safetensors")
			if err := safetensors.Write(path, nil, net.Model.Weights(slice)); err != nil {
				t.Fatal(err)
			}
			own, unused, err := ReadWeights(a, openWeights(t, path))
			if err != nil || len(unused) > 0 {
				t.Fatalf("%s: %v, unused %v", name, err, unused)
			}
			again := filepath.Join(t.TempDir(), "y.safetensors")
			if err := safetensors.Write(again, nil, own.Weights(own.Whole())); err != nil {
				t.Fatal(err)
			}
			sameFile(t, path, again)
			task := synthetic(t, "recall", s.Model.Family == space.Encoder)
			want, err := net.Evaluate(slice, task, 1)
			if err != nil {
				t.Fatal(err)
			}
			copied, err := NewTrainer(a, recipe(3), exec32(t, 1))
			if err != nil {
				t.Fatal(err)
			}
			copy(copied.Params, own.Params)
			got, err := copied.Evaluate(copied.Whole(), task, 1)
			if err != nil || math.Abs(got[0]-want[0]) > 1e-5 {
				t.Fatalf("%s: %v: %v nats as a copy, %v as a slice, %v", name, a, got, want, err)
			}
			break
		}
	}
}

func TestReadWeightsRefuses(t *testing.T) {
	list := examples(t)
	a := list[slices.IndexFunc(list, func(x example) bool { return x.Name == "llama factorised" })].Arch
	for why, alter := range map[string]func(*space.Arch){
		"model.layers.2.input_layernorm.weight [16]":     func(a *space.Arch) { a.Layers = append(slices.Clone(a.Layers), a.Layers[0]) },
		"model.layers.0.mlp.gate_proj.weight is [20 16]": func(a *space.Arch) { a.Layers = []space.Layer{{Heads: 4, HeadWidth: 4, KVHeads: 2, FFN: 21}} },
		"lm_head.weight": func(a *space.Arch) { a.Head = space.Untied },
		"there is no tensor bert.embeddings.word_embeddings.weight [17 8]": func(a *space.Arch) { *a = list[len(list)-1].Arch },
		"model.embed_tokens.weight is [17 8]; in":                          func(a *space.Arch) { a.Vocabulary = 1 << 20; a.Embedding = 1 << 9 },
	} {
		b := a
		alter(&b)
		if _, _, err := ReadWeights(b, openWeights(t, "testdata/llama.safetensors")); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
}

func sameFile(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Errorf("%s and %s differ", a, b)
	}
}
