package space

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The steps of a two-layer model of each family: the one list that says what a
// transformer is made of.
func TestLowerSteps(t *testing.T) {
	encoder := Arch{Model: Model{Family: Encoder, Vocabulary: 100, Positions: 32, Segments: 2, Activation: GELU, Bias: true, Head: Pooler},
		Embedding: 8, Hidden: 16, Layers: []Layer{{2, 8, 2, 32}}}
	decoder := Arch{Model: Model{Family: Decoder, Vocabulary: 100, Positions: 32, Position: Rotary, Norm: RMSNorm, Activation: SiLU, Gated: true, Head: Tied},
		Embedding: 16, Hidden: 16, Layers: []Layer{{4, 8, 2, 24}}}
	for _, c := range []struct {
		name string
		arch Arch
		w    Workload
		want string
	}{
		{"encoder", encoder, Workload{Encode, 2, 4, 0}, `
embed rows=8 n=8 k=100 tables=3
norm rows=8 n=8
linear rows=8 n=16 k=8 bias
linear rows=8 n=48 k=16 bias
kvstore batch=2 rows=4 heads=2 kv=2 width=8
attention batch=2 rows=4 heads=2 kv=2 width=8 context=4
linear rows=8 n=16 k=16 bias residual
norm rows=8 n=16
linear rows=8 n=32 k=16 act=gelu bias
linear rows=8 n=16 k=32 bias residual
norm rows=8 n=16
linear rows=2 n=16 k=16 act=tanh bias`},
		{"prefill", decoder, Workload{Prefill, 1, 4, 8}, `
embed rows=4 n=16 k=100 tables=1 packed
norm rows=4 n=16 norm=rmsnorm
linear rows=4 n=64 k=16
kvstore batch=1 rows=4 heads=4 kv=2 width=8 rotary
attention batch=1 rows=4 heads=4 kv=2 width=8 context=4 causal
linear rows=4 n=16 k=32 residual
norm rows=4 n=16 norm=rmsnorm
linear rows=4 n=48 k=16 act=silu gated
linear rows=4 n=16 k=24 residual
norm rows=1 n=16 norm=rmsnorm
linear rows=1 n=100 k=16`},
		{"decode", decoder, Workload{Decode, 1, 4, 8}, `
embed rows=1 n=16 k=100 tables=1 packed
norm rows=1 n=16 norm=rmsnorm
linear rows=1 n=64 k=16
kvstore batch=1 rows=1 heads=4 kv=2 width=8 rotary
attention batch=1 rows=1 heads=4 kv=2 width=8 context=8
linear rows=1 n=16 k=32 residual
norm rows=1 n=16 norm=rmsnorm
linear rows=1 n=48 k=16 act=silu gated
linear rows=1 n=16 k=24 residual
norm rows=1 n=16 norm=rmsnorm
linear rows=1 n=100 k=16`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Lower(c.arch, c.w).Steps {
				got = append(got, s.Op.String())
				if back, err := ParseOp(s.Op.String()); err != nil || back != s.Op {
					t.Errorf("ParseOp(%q) = %v, %v", s.Op, back, err)
				}
			}
			if diff := cmp.Diff(strings.Split(strings.TrimSpace(c.want), "\n"), got); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// No two buffers that live at once share a byte, and the arena is never larger
// than what lives at once at its worst.
func TestPlanIsSoundAndTight(t *testing.T) {
	for _, name := range Names() {
		s, r := load(t, name), rand.New(rand.NewPCG(7, 8))
		for range 300 {
			a := s.Arch(s.Sample(r))
			for _, w := range s.Workload.Phases() {
				p := Lower(a, w)
				pl := Plan(p, 2)
				first, last := lifetimes(p)
				peak := 0
				for step := range p.Steps {
					alive := 0
					for i, b := range p.Buffers {
						if !b.Cache && first[i] <= step && step <= last[i] {
							alive += b.Bytes
						}
					}
					peak = max(peak, alive)
				}
				if pl.Scratch != peak {
					t.Fatalf("%v: %v: buffers take %d bytes, %d are alive at once", w, a, pl.Scratch, peak)
				}
				for i, b := range p.Buffers {
					for j, c := range p.Buffers[:i] {
						if b.Cache != c.Cache || !b.Cache && (last[i] < first[j] || last[j] < first[i]) {
							continue
						}
						if pl.Offset[i] < pl.Offset[j]+c.Bytes && pl.Offset[j] < pl.Offset[i]+b.Bytes {
							t.Fatalf("%v: %v: %s and %s overlap", w, a, b.Name, c.Name)
						}
					}
				}
			}
		}
	}
}

// A decoder's two phases share weights, so both must have the same in the same order.
func TestPhasesShareWeights(t *testing.T) {
	s, r := load(t, "decoder-compact"), rand.New(rand.NewPCG(9, 10))
	for range 50 {
		a := s.Arch(s.Sample(r))
		phases := s.Workload.Phases()
		if diff := cmp.Diff(Lower(a, phases[0]).Weights, Lower(a, phases[1]).Weights); diff != "" {
			t.Fatalf("%v:\n%s", a, diff)
		}
	}
}

func TestMACs(t *testing.T) {
	for text, want := range map[string]int64{
		"linear rows=3 n=5 k=7":                                          105,
		"attention batch=2 rows=4 heads=3 kv=1 width=8 context=4":        2 * 2 * 3 * 16 * 8,
		"attention batch=1 rows=4 heads=1 kv=1 width=8 context=4 causal": 2 * 10 * 8,
		"norm rows=4 n=8": 0,
	} {
		op, err := ParseOp(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := op.MACs(); got != want {
			t.Errorf("%s: %d MACs, want %d", text, got, want)
		}
	}
}

func TestParseOpRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "the kinds are",
		"matmul rows=1":                "the kinds are",
		"linear":                       "the sizes of linear are rows, n, k",
		"linear rows=1 n=2":            "the sizes of linear are rows, n, k",
		"norm rows=4 n=8 context=2":    "the sizes of norm are rows, n",
		"linear rows=0 n=2 k=3":        "rows=0 is no size",
		"linear rows=1 n=2 k=99999999": "k=99999999 is no size",
		"linear rows=9999999 n=9999999 k=9999999": "larger than any machine computes",
		"linear n=2 rows=1 k=3":                   `it would be written "linear rows=1 n=2 k=3"`,
		"linear rows=1 n=2 k=3 odd":               `unknown flag "odd"`,
		"linear rows=1 n=2 k=3 act=no":            `unknown "act=no"`,
	} {
		if _, err := ParseOp(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParseOp(f *testing.F) {
	for _, s := range []string{"linear rows=1 n=2 k=3 act=gelu bias", "norm rows=4 n=8 norm=rmsnorm", "linear n=2 rows=1", "embed rows=-1", "attention  causal", "linear rows=99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		op, err := ParseOp(s)
		if err == nil && (op.String() != s || op.MACs() < 0) {
			t.Errorf("%q was read as %q of %d multiply-adds", s, op, op.MACs())
		}
	})
}
