package evaluator

import (
	"math"
	"os"
	"testing"

	"nas/evaluator/text"
)

// What package text says of its tasks is what the committed trainings show.
func TestSyntheticAgreement(t *testing.T) {
	read := func(name string) *Truth {
		data, err := os.ReadFile("../examples/truth/" + name)
		if err != nil {
			t.Fatal(err)
		}
		truth, err := ParseTruth(data)
		if err != nil {
			t.Fatal(err)
		}
		return truth
	}
	j := NewJudge(read("stories.csv"))
	for _, task := range text.SyntheticNames {
		table, scores := NewTable(read("stories-"+task+".csv")), []float64(nil)
		for _, m := range j.Models {
			s, err := table.Evaluate(t.Context(), m.Arch)
			if err != nil {
				t.Fatal(err)
			}
			scores = append(scores, s.Value)
		}
		b := j.Rank(task, scores).Bands[0] // ±5 % non-embedding
		for i, v := range []Figure{b.Concordance, b.Low, b.High} {
			if got, want := math.Round(50*(1+float64(v))), float64(text.SyntheticRight[task][i]); got != want {
				t.Errorf("%s: figure %d is %v %%, want %v %%", task, i, got, want)
			}
		}
	}
}
