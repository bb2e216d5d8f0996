package kernels

import "math"

// LayerNorm writes (x-mean)/sqrt(variance+eps)*gamma+beta for each of rows rows of
// width values (Ba et al. 2016). dst may be x.
func (s *Set) LayerNorm(dst, x, gamma, beta []float32, rows, width, ldx, ldd int, eps float32) {
	if s.layerNorm != nil && rows > 0 {
		s.layerNorm(dst, x, gamma, beta, rows, width, ldx, ldd, eps)
		return
	}
	for r := range rows {
		in, out := x[r*ldx:][:width], dst[r*ldd:][:width]
		mean := s.sum(in) / float32(width)
		variance := s.squares(in, mean) / float32(width)
		s.normalise(out, in, gamma[:width], beta[:width], mean, 1/root(variance+eps))
	}
}

// RMSNorm writes x/sqrt(mean(x^2)+eps)*gamma for each row (Zhang & Sennrich 2019).
// dst may be x.
func (s *Set) RMSNorm(dst, x, gamma []float32, rows, width, ldx, ldd int, eps float32) {
	if s.rmsNorm != nil && rows > 0 {
		s.rmsNorm(dst, x, gamma, rows, width, ldx, ldd, eps)
		return
	}
	for r := range rows {
		in, out := x[r*ldx:][:width], dst[r*ldd:][:width]
		s.normalise(out, in, gamma[:width], nil, 0, 1/root(s.squares(in, 0)/float32(width)+eps))
	}
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }
