package latency

import "nas/space"

// class is what the steps of one model have a common factor for: kinds, and products
// that read more weights than they compute with.
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
