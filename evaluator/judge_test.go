package evaluator

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

func published(t *testing.T, set string) *Truth {
	t.Helper()
	data, err := os.ReadFile("../../shared/data/truth/std/" + set + ".csv")
	if err != nil {
		t.Skip("published data is not at hand")
	}
	truth, err := ParseTruth(data)
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// The figures that the data's own description states.
func TestBaselinesOfPublishedTruth(t *testing.T) {
	for _, c := range []struct {
		set       string
		baseline  int
		tau, band float64 // ±10 % of non-embedding parameters
	}{
		{"random_GPT2_wt103", 0, .847, .158},
		{"random_GPT2_wt103", 1, .582, .385},
		{"random_TransXL_wt103", 0, .861, .152},
	} {
		r := NewJudge(published(t, c.set)).Baselines()[c.baseline]
		if b := r.Bands[1]; math.Abs(float64(r.Tau)-c.tau) > .0005 || math.Abs(float64(b.Concordance)-c.band) > .0005 ||
			!(b.Low < b.Concordance && b.Concordance < b.High) || b.Width != 0.10 || b.By != ByNonEmbedding {
			t.Errorf("%s, %s: tau %.3f, %+v; want %v and %v", c.set, r.Name, r.Tau, b, c.tau, c.band)
		}
	}
}

// Models trained with several seeds are one model, and tell the noise.
func TestCeiling(t *testing.T) {
	text := strings.TrimSuffix(header, "\n") + ",seed\n"
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 40 {
		truth := r.NormFloat64()
		for seed := range 2 {
			text += fmt.Sprintf("s,m%d-%d,decoder,100,32,32,1,8,4,4,%d,2,%d,9000,m,%f,higher,%d\n", i, seed, 10+i, 1000+i, truth+0.3*r.NormFloat64(), seed)
		}
	}
	truth, err := ParseTruth([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	j := NewJudge(truth)
	if want := (truth.Models[0].Score + truth.Models[1].Score) / 2; len(j.Models) != 40 || j.Models[0].Score != want {
		t.Errorf("%d models, the first with %v", len(j.Models), j.Models[0].Score)
	}
	c := j.Ceiling()
	if c == nil || c.Bands[2].Pairs != 40*39/2 || c.Bands[2].Concordance < .5 || c.Bands[2].Concordance > .9 {
		t.Errorf("%+v", c)
	}
	for i := range truth.Models {
		truth.Models[i].Seed = ""
	}
	if j := NewJudge(truth); len(j.Models) != 80 || j.Ceiling() != nil {
		t.Errorf("%d models without seeds, ceiling %v", len(j.Models), j.Ceiling())
	}
}

func TestFigureWithoutValueIsNull(t *testing.T) {
	text, err := json.Marshal(Band{Concordance: Figure(math.NaN())})
	if err != nil || !strings.Contains(string(text), `"concordance":null`) {
		t.Errorf("%s, %v", text, err)
	}
}
