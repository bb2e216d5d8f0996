package evaluator

import (
	"encoding/json"
	"math"
	"slices"

	"nas/internal/statistics"
)

// Widths of the bands of nearly equal size: a pair is in the band where the larger
// model has at most so much more parameters, as a share of the smaller one's.
var Widths = []float64{0.05, 0.10, 0.25}

// What bands go by.
const (
	ByNonEmbedding = "non-embedding"
	ByTotal        = "total"
)

const (
	bootstraps = 1000
	confidence = 0.95
)

// Figure is a statistic; NaN, which JSON lacks, is null there.
type Figure float64

func (f Figure) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// Band is how well pairs of models of nearly equal size are ordered: concordance is
// (concordant − discordant) / pairs, 1 for all right and 0 for a coin; Low and High
// are its 95 % bootstrap interval over models.
type Band struct {
	Width       float64 `json:"width"`
	By          string  `json:"by"`
	Pairs       int     `json:"pairs"`
	Concordance Figure  `json:"concordance"`
	Low         Figure  `json:"low"`
	High        Figure  `json:"high"`
}

// Ranking is how well scores order trained models: tau-b with its 95 % bootstrap
// interval over models, Spearman's rho, and the bands.
type Ranking struct {
	Name    string `json:"name"`
	Tau     Figure `json:"tau"`
	TauLow  Figure `json:"tau_low"`
	TauHigh Figure `json:"tau_high"`
	Rho     Figure `json:"rho"`
	Bands   []Band `json:"bands"`
}

// Judge holds truth to what nothing but the shape would say, and to the noise of
// training.
type Judge struct {
	Models []Trained // repeated seeds are one, with their mean
	truth  []float64
	pairs  map[string][]statistics.Pairs // by what, then by width
	twice  []int                         // models with repeated seeds
	again  [2][]float64                  // their first and second run
}

// NewJudge prepares t. Models of one shape that say their seeds are one model,
// trained repeatedly.
func NewJudge(t *Truth) *Judge {
	j := &Judge{pairs: map[string][]statistics.Pairs{}}
	at := map[string]int{}
	var runs [][]float64
	for _, m := range t.Models {
		key := "id " + m.ID
		if m.Seed != "" {
			key = shape(m.Arch)
		}
		i, ok := at[key]
		if !ok {
			i = len(j.Models)
			at[key] = i
			j.Models, runs = append(j.Models, m), append(runs, nil)
		}
		runs[i] = append(runs[i], m.Score)
	}
	for i, values := range runs {
		j.Models[i].Score = statistics.Mean(values)
		if len(values) > 1 {
			j.twice = append(j.twice, i)
			j.again[0], j.again[1] = append(j.again[0], values[0]), append(j.again[1], values[1])
		}
	}
	j.pair()
	return j
}

// pair finds the pairs of nearly equal size.
func (j *Judge) pair() {
	j.truth = j.column(func(m Trained) float64 { return m.Score })
	for by, sizes := range j.sizes() {
		for _, width := range Widths {
			j.pairs[by] = append(j.pairs[by], statistics.Near(sizes, width))
		}
	}
}

// Scored is the judge of those models whose score is not NaN, with their scores.
func (j *Judge) Scored(scores []float64) (*Judge, []float64) {
	fewer, kept := &Judge{pairs: map[string][]statistics.Pairs{}}, []float64(nil)
	for i, m := range j.Models {
		if math.IsNaN(scores[i]) {
			continue
		}
		if k := slices.Index(j.twice, i); k >= 0 {
			fewer.twice = append(fewer.twice, len(kept))
			fewer.again[0], fewer.again[1] = append(fewer.again[0], j.again[0][k]), append(fewer.again[1], j.again[1][k])
		}
		fewer.Models, kept = append(fewer.Models, m), append(kept, scores[i])
	}
	fewer.pair()
	return fewer, kept
}

func (j *Judge) column(of func(Trained) float64) []float64 {
	values := make([]float64, len(j.Models))
	for i, m := range j.Models {
		values[i] = of(m)
	}
	return values
}

func (j *Judge) sizes() map[string][]float64 {
	return map[string][]float64{
		ByNonEmbedding: j.column(func(m Trained) float64 { return m.NonEmbedding }),
		ByTotal:        j.column(func(m Trained) float64 { return m.Total }),
	}
}

// Rank is how well scores, one for each of Models, order them.
func (j *Judge) Rank(name string, scores []float64) Ranking {
	return rank(name, scores, j.truth, func(by string, i int) statistics.Pairs { return j.pairs[by][i] })
}

func rank(name string, scores, truth []float64, pairs func(by string, width int) statistics.Pairs) Ranking {
	r := Ranking{Name: name, Tau: Figure(statistics.KendallTau(scores, truth)), Rho: Figure(statistics.Spearman(scores, truth))}
	low, high := statistics.All(len(scores)).Bootstrap(scores, truth, bootstraps, confidence, uint64(len(Widths)))
	r.TauLow, r.TauHigh = Figure(low), Figure(high)
	for _, by := range []string{ByNonEmbedding, ByTotal} {
		for i, width := range Widths {
			p := pairs(by, i)
			low, high := p.Bootstrap(scores, truth, bootstraps, confidence, uint64(i))
			r.Bands = append(r.Bands, Band{width, by, len(p), Figure(p.Concordance(scores, truth)), Figure(low), Figure(high)})
		}
	}
	return r
}

// Baselines are what any proxy must beat: sizes and depth alone.
func (j *Judge) Baselines() []Ranking {
	sizes := j.sizes()
	return []Ranking{
		j.Rank(ByNonEmbedding, sizes[ByNonEmbedding]),
		j.Rank(ByTotal, sizes[ByTotal]),
		j.Rank("depth", j.column(func(m Trained) float64 { return float64(len(m.Arch.Layers)) })),
	}
}

// Ceiling is how well one seed orders the models as another does, among models with
// at least two; nil below two such models. A proxy that is itself one training run
// comes to this at best, one that knew the mean of many runs to less than its square
// root.
func (j *Judge) Ceiling() *Ranking {
	if len(j.twice) < 2 {
		return nil
	}
	r := rank("seed against seed", j.again[0], j.again[1], func(by string, i int) statistics.Pairs {
		var sizes []float64
		for _, k := range j.twice {
			sizes = append(sizes, j.sizes()[by][k])
		}
		return statistics.Near(sizes, Widths[i])
	})
	return &r
}
