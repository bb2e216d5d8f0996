package kernels

import "math"

// tiny is the largest magnitude that a row may have and still count as zero: it
// keeps 127/amax finite.
const tiny = 1e-30

// quantise writes rows of q[k] = round(x[k] * (127/amax)) to nearest even in the
// level's form, zeros up to PadK(n), and their scales amax/127, amax being the
// largest magnitude of a row. A row below tiny is all zero with scale 0. A row
// with a NaN or an infinity is all zero with scale NaN, so that everything computed
// from it is NaN. offset is the level's for rows that may be negative, else 0.
func (s *Set) quantise(dst []byte, ldq int, x []float32, ldx, n int, scale []float32, offset byte) {
	if s.quantiseRows != nil {
		s.quantiseRows(dst, ldq, x, ldx, n, scale, offset)
		return
	}
	for i := range scale {
		scale[i] = s.quantiseRow(dst[i*ldq:], x[i*ldx:][:n], s.round, s.valueBytes, offset)
	}
}

// quantiseBytes is quantise to int8 whatever the level's form.
func (s *Set) quantiseBytes(dst []byte, ldq int, x []float32, ldx, n int, scale []float32) {
	if s.valueBytes == 1 {
		s.quantise(dst, ldq, x, ldx, n, scale, 0)
		return
	}
	for i := range scale {
		scale[i] = s.quantiseRow(dst[i*ldq:], x[i*ldx:][:n], s.roundBytes, 1, 0)
	}
}

func (s *Set) quantiseRow(dst []byte, x []float32, round func([]byte, []float32, float32, byte), valueBytes int, offset byte) float32 {
	n := len(x) * valueBytes
	scale, inverse := scales(s.amax(x))
	if inverse == 0 {
		n = 0
	} else {
		round(dst, x, inverse, offset)
	}
	pad := dst[n : PadK(len(x))*valueBytes]
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
