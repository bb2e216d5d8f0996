package kernels

import "math"

// tiny is the largest magnitude that a row may have and still count as zero: it
// keeps 127/amax finite.
const tiny = 1e-30

// quantise writes q[k] = round(x[k] * (127/amax)) to nearest even in the level's
// form, zeros up to PadK(len(x)), and returns the scale amax/127, amax being the
// largest magnitude of the row. A row below tiny is all zero with scale 0. A row
// with a NaN or an infinity is all zero with scale NaN, so that everything computed
// from it is NaN. offset is the level's for rows that may be negative, else 0.
func (s *Set) quantise(dst []byte, x []float32, offset byte) float32 {
	n := len(x) * s.valueBytes
	scale, inverse := scales(s.amax(x))
	if inverse == 0 {
		n = 0
	} else {
		s.round(dst, x, inverse, offset)
	}
	pad := dst[n : PadK(len(x))*s.valueBytes]
	for i := range pad {
		pad[i] = offset
	}
	return scale
}

// scales are the scale of a row whose largest magnitude is amax, and its inverse,
// 0 for a row without values.
func scales(amaxBits uint32) (scale, inverse float32) {
	amax := math.Float32frombits(amaxBits)
	switch {
	case amaxBits >= 0x7f800000:
		return float32(math.NaN()), 0
	case amax < tiny:
		return 0, 0
	}
	return amax / 127, 127 / amax
}
