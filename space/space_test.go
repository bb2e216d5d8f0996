package space

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func load(t testing.TB, name string) *Space {
	t.Helper()
	s, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBuiltinSpaces(t *testing.T) {
	for name, want := range map[string]string{
		// 5 embeddings x 8 widths x sum over L=2…12 of (8 heads x 9 ffn)^L
		"encoder-compact": "787270713942030806776320",
		// 5 x 8 x sum over L=2…12 of (5 x 2 x 8)^L
		"decoder-compact": "2783573741205063291136000",
	} {
		s := load(t, name)
		if got := s.Size().String(); got != want {
			t.Errorf("%s: size %s, want %s", name, got, want)
		}
		for _, last := range []bool{false, true} {
			if err := s.extreme(last).Validate(); err != nil {
				t.Errorf("%s: extreme(%t): %v", name, last, err)
			}
		}
	}
	if got, want := Names(), []string{"decoder-compact", "decoder-micro", "encoder-compact"}; !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
}

// small is a space with every kind of gene, small enough to enumerate.
const small = `
name: small
family: decoder
vocabulary: 100
embedding: [8, 16]
hidden: [16, 32]
layers: [1, 3]
heads: {uniform: [2, 4]}
kv_heads: {uniform: [1, 2]}
head_width: {per_layer: [4, 8]}
ffn: {per_layer: [16, 32]}
workload: {prompt: 4, context: 8}
`

func TestSizeIsWhatEnumerationFinds(t *testing.T) {
	s, err := Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 20000 {
		seen[s.Arch(s.Sample(r)).Key()] = true
	}
	if got, want := int64(len(seen)), s.Size().Int64(); got != want {
		t.Errorf("20000 samples hold %d different architectures, Size() = %d", got, want)
	}
	for g := range s.All() {
		key := s.Arch(g).Key()
		if !seen[key] {
			t.Fatalf("All yields %s for the second time, or it is not in the space", key)
		}
		delete(seen, key)
	}
	if len(seen) > 0 {
		t.Errorf("All leaves out %d architectures", len(seen))
	}
}

// canonical fails if g is not what it should be: valid, in the space, and the one
// spelling of its architecture.
func canonical(t *rapid.T, s *Space, g Genes) {
	a := s.Arch(g)
	if err := a.Validate(); err != nil {
		t.Fatalf("%v spells an invalid architecture: %v", g, err)
	}
	back, err := s.Genes(a)
	if err != nil {
		t.Fatalf("%v: %v", g, err)
	}
	if !slices.Equal(g, back) {
		t.Fatalf("%v is spelled again as %v", g, back)
	}
}

func TestVariationStaysInTheSpace(t *testing.T) {
	shared, err := Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Space{load(t, "encoder-compact"), load(t, "decoder-compact"), shared} {
		rapid.Check(t, func(t *rapid.T) {
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			a, b := s.Sample(r), s.Sample(r)
			wasA, wasB := slices.Clone(a), slices.Clone(b)
			for range 20 {
				a2, c := s.Mutate(r, a), s.Cross(r, a, b)
				for _, g := range []Genes{a, b, a2, c} {
					canonical(t, s, g)
				}
				if !slices.Equal(a, wasA) || !slices.Equal(b, wasB) {
					t.Fatalf("the parents changed")
				}
				a, b = a2, c
				wasA, wasB = slices.Clone(a), slices.Clone(b)
			}
		})
	}
}

func TestMutationReachesEverything(t *testing.T) {
	s, err := Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	seen, g := map[string]bool{}, s.Sample(r)
	for range 200000 {
		g = s.Mutate(r, g)
		seen[string(g)] = true
	}
	if got, want := int64(len(seen)), s.Size().Int64(); got != want {
		t.Errorf("a walk of 200000 mutations saw %d of %d architectures", got, want)
	}
}

func TestOpsAreThoseOfEveryArchitecture(t *testing.T) {
	shared, err := Parse("small", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Space{load(t, "encoder-compact"), load(t, "decoder-compact"), shared} {
		for _, w := range s.Workload.Phases() {
			ops, err := s.Ops(w)
			if err != nil {
				t.Fatal(err)
			}
			used, r := map[Op]bool{}, rand.New(rand.NewPCG(5, 6))
			for range 3000 {
				a := s.Arch(s.Sample(r))
				for _, step := range Lower(a, w).Steps {
					used[step.Op] = true
					if !slices.Contains(ops, step.Op) {
						t.Fatalf("%s: %v: op %q is missing", s.Name, a, step.Op)
					}
				}
			}
			if len(used) != len(ops) {
				t.Errorf("%s %v: %d ops, 3000 architectures use %d", s.Name, w.Phase, len(ops), len(used))
			}
		}
	}
}

func TestArchJSON(t *testing.T) {
	archs := []Arch{}
	for _, f := range []Family{Encoder, Decoder} {
		for _, r := range References(f) {
			archs = append(archs, r.Arch)
		}
	}
	for _, a := range archs {
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var b Arch
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("round trip (-in +out):\n%s", diff)
		}
		if a.Key() != b.Key() {
			t.Errorf("keys differ: %s and %s", a.Key(), b.Key())
		}
	}
}

func TestWords(t *testing.T) {
	a := References(Encoder)[0].Arch
	a.Embedding = 64
	a.Layers = []Layer{{4, 32, 4, 512}, {4, 32, 4, 512}, {4, 32, 2, 512}, {2, 64, 2, 128}}
	const want = "hidden 128 (embedding 64), 4 layers, heads 2×4 4/2 2, head width 3×32 64, ffn 3×512 128"
	if got := a.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
