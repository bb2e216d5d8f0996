package evaluator

import (
	"math"

	"nas/space"
)

// features describe a shape for a regression: logarithms of sizes, since scores
// follow powers of them (Kaplan et al. 2020), of the whole, of a layer's mean, and
// of where in the depth the width sits.
func features(a space.Arch) []float64 {
	n := float64(len(a.Layers))
	var ffn, width, heads, kv, late float64 // sums of logarithms over layers
	least, most := math.Inf(1), math.Inf(-1)
	for i, l := range a.Layers {
		f := math.Log(float64(l.FFN))
		ffn += f
		width += math.Log(float64(l.Heads * l.HeadWidth))
		heads += math.Log(float64(l.Heads))
		kv += math.Log(float64(l.KVHeads) / float64(l.Heads))
		late += f * (float64(i) - (n-1)/2) / n
		least, most = min(least, f), max(most, f)
	}
	var c Capacity
	size := c.Base(a)
	for _, l := range a.Layers {
		size += c.Layer(a.Model, a.Hidden, l)
	}
	return []float64{
		math.Log(size),
		math.Log(n),
		math.Log(float64(a.Hidden)),
		math.Log(float64(a.Embedding)),
		ffn / n,
		width / n,
		heads / n,
		kv / n,
		late / n,
		most - least,
	}
}
