package evaluator

import (
	"context"

	"nas/space"
)

// Capacity is the number of parameters outside the embedding. Of all training-free
// proxies it is the one that holds on every published set of trained models when
// sizes differ clearly; embedding parameters would ruin it (Javaheripi et al.
// 2022, LiteTransformerSearch, section 3).
type Capacity struct{}

// ratios are by how much two models must differ in size for the larger one to be
// the better one with 90 %: the ratio at which the isotonic regression of "the
// larger one is better" over pairs of trained models reaches 0.9, on the least
// kind set of the family.
//
// Encoder: 227 BERT-like models, GLUE average (Serianni & Kalita 2023, FlexiBERT).
// Decoder: 200 GPT-2-like models, WikiText-103 perplexity (Javaheripi et al. 2022);
// Transformer-XL gives 1.41, searched models 1.11 and 1.13.
var ratios = map[space.Family]float64{space.Encoder: 2.43, space.Decoder: 1.72}

func (Capacity) Name() string { return "capacity" }
func (Capacity) Unit() string { return "parameters outside the embedding" }
func (Capacity) Kind() Kind   { return Exact }
func (Capacity) Cost() Cost   { return Instant }

// Evaluate never fails. It takes some nanoseconds a layer.
func (c Capacity) Evaluate(_ context.Context, a space.Arch) (Score, error) {
	v := c.Base(a)
	for _, l := range a.Layers {
		v += c.Layer(a.Model, a.Hidden, l)
	}
	return c.Score(a.Family, v), nil
}

// Score is the score of a value.
func (Capacity) Score(f space.Family, value float64) Score {
	return Score{Value: value, Resolution: value * (1 - 1/ratios[f])}
}

// Base counts what stands behind the layers: pooler, final norm, untied head.
func (c Capacity) Base(a space.Arch) float64 {
	n, hidden := 0, a.Hidden
	switch a.Head {
	case space.Pooler:
		n = hidden * hidden
		if a.Bias {
			n += hidden
		}
	case space.Untied:
		n = a.Vocabulary * hidden
	}
	if a.Family == space.Decoder {
		n += norm(a.Model, hidden)
	}
	return float64(n)
}

// Layer counts one layer.
func (Capacity) Layer(m space.Model, hidden int, l space.Layer) float64 {
	queries, keys, matrices := l.Heads*l.HeadWidth, l.KVHeads*l.HeadWidth, 2
	if m.Gated {
		matrices = 3
	}
	n := 2*hidden*(queries+keys) + matrices*hidden*l.FFN + 2*norm(m, hidden)
	if m.Bias {
		n += queries + 2*keys + hidden + (matrices-1)*l.FFN + hidden
	}
	return float64(n)
}

func norm(m space.Model, hidden int) int {
	if m.Norm == space.LayerNorm {
		return 2 * hidden
	}
	return hidden
}
