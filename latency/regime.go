package latency

import (
	"math"

	"nas/space"
)

// A regime is a range of the weights that a run streams: where they lie, in a cache
// or behind it, decides what a step takes. Ranges are half a doubling wide, since
// where a cache shared with others ends is for the measurements to say.
const (
	firstRegime = 1 << 17 // bytes below which all is regime 0
	regimes     = 24
)

// regimeOf is the regime of a model that streams so many bytes.
func regimeOf(bytes int) int {
	if bytes < firstRegime {
		return 0
	}
	return min(1+int(2*math.Log2(float64(bytes)/firstRegime)), regimes-1)
}

// between is where models that stream so many bytes lie among the regimes' middles:
// between which two, and how far from the first.
func between(bytes int) (regime int, part float64) {
	at := 0.5 + 2*math.Log2(math.Max(float64(bytes), firstRegime)/firstRegime)
	regime = min(int(at), regimes-2)
	return regime, min(at-float64(regime), 1)
}

// class is what the steps of one regime have a common factor for: kinds, and
// products that read more weights than they compute with.
type class uint8

const classes = 7

func classOf(o space.Op) class {
	if o.Kind == space.Linear {
		switch {
		case o.Rows > 8:
			return 5
		case o.N >= 8192: // a head over a vocabulary: a stream of its own
			return 6
		}
	}
	return class(o.Kind)
}
