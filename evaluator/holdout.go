package evaluator

import (
	"fmt"
	"math/rand/v2"

	"nas/internal/statistics"
	"nas/space"
)

// HoldOut judges the surrogate: splits times it is fitted to known models drawn at
// random and ranks the others. Figures are means over splits, intervals the middle
// 95 % of splits, pairs those of a mean split.
func (j *Judge) HoldOut(known, splits int, seed uint64) (Ranking, error) {
	if known < minKnown || known > len(j.Models)-2 || splits < 1 {
		return Ranking{}, fmt.Errorf("evaluator: surrogate: %d known of %d models in %d splits; known are %d…%d", known, len(j.Models), splits, minKnown, len(j.Models)-2)
	}
	var taus, rhos []float64
	bands := make([][]float64, 2*len(Widths))
	pairs := make([]float64, 2*len(Widths))
	for split := range splits {
		order := rand.New(rand.NewPCG(seed, uint64(split))).Perm(len(j.Models))
		var archs []space.Arch
		var scores []float64
		for _, i := range order[:known] {
			archs, scores = append(archs, j.Models[i].Arch), append(scores, j.Models[i].Score)
		}
		s, err := FitSurrogate(archs, scores)
		if err != nil {
			return Ranking{}, err
		}
		var predicted, truth []float64
		sizes := make([][]float64, 2)
		for _, i := range order[known:] {
			m := j.Models[i]
			mean, _ := s.Predict(m.Arch)
			predicted, truth = append(predicted, mean), append(truth, m.Score)
			sizes[0], sizes[1] = append(sizes[0], m.NonEmbedding), append(sizes[1], m.Total)
		}
		taus, rhos = append(taus, statistics.KendallTau(predicted, truth)), append(rhos, statistics.Spearman(predicted, truth))
		for k := range bands {
			near := statistics.Near(sizes[k/len(Widths)], Widths[k%len(Widths)])
			pairs[k] += float64(len(near)) / float64(splits)
			if len(near) > 0 {
				bands[k] = append(bands[k], near.Concordance(predicted, truth))
			}
		}
	}
	r := Ranking{Name: "surrogate", Tau: Figure(statistics.Mean(taus)), Rho: Figure(statistics.Mean(rhos)),
		TauLow: Figure(statistics.Quantile(taus, .025)), TauHigh: Figure(statistics.Quantile(taus, .975))}
	for k, values := range bands {
		r.Bands = append(r.Bands, Band{Widths[k%len(Widths)], [2]string{ByNonEmbedding, ByTotal}[k/len(Widths)], int(pairs[k] + .5),
			Figure(statistics.Mean(values)), Figure(statistics.Quantile(values, .025)), Figure(statistics.Quantile(values, .975))})
	}
	return r, nil
}
