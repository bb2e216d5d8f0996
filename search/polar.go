package search

import (
	"math"
	"math/rand/v2"
)

// rays is how many directions polar follows: one percent of standard error.
const rays = 4096

// polar estimates the hypervolume of costs within limit: along fixed directions from
// limit, drawn evenly after every cost is divided by its scale, the way until no
// point dominates (Deng & Zhang 2019). With equal scales it never falls when a point
// is added. It is for four and more costs, where exact algorithms take too long.
func polar(points [][]float64, limit, scale []float64) float64 {
	d := len(limit)
	inside := make([]float64, 0, d*len(points))
	for _, p := range points {
		if !covers(p, limit) {
			continue
		}
		for k, v := range p {
			inside = append(inside, (limit[k]-v)/scale[k])
		}
	}
	random := rand.New(rand.NewPCG(1, uint64(d)))
	inverse := make([]float64, d)
	mean := 0.0
	for range rays {
		norm := 0.0
		for k := range inverse {
			inverse[k] = math.Abs(random.NormFloat64()) + 1e-12
			norm += inverse[k] * inverse[k]
		}
		for k := range inverse {
			inverse[k] = math.Sqrt(norm) / inverse[k]
		}
		far := 0.0
		for p := inside; len(p) > 0; p = p[d:] {
			way := math.Inf(1)
			for k, v := range p[:d] {
				way = min(way, v*inverse[k])
			}
			far = max(far, way)
		}
		mean += math.Pow(far, float64(d)) / rays
	}
	// The part of the unit ball where all coordinates are above zero.
	gamma := math.Gamma(float64(d)/2 + 1)
	volume := mean * math.Pow(math.Pi, float64(d)/2) / gamma / math.Pow(2, float64(d))
	for _, s := range scale {
		volume *= s
	}
	return volume
}
