package kernels

import "math"

// LayerNorm writes (x-mean)/sqrt(variance+eps)*gamma+beta for each of rows rows of
// width values (Ba et al. 2016). dst may be x.
func (s *Set) LayerNorm(dst, x, gamma, beta []float32, rows, width, ldx, ldd int, eps float32) {
	for r := range rows {
		in, out := x[r*ldx:][:width], dst[r*ldd:][:width]
		mean := sum(in, 0, false) / float32(width)
		variance := sum(in, mean, true) / float32(width)
		inverse := 1 / float32(math.Sqrt(float64(variance+eps)))
		for i, v := range in {
			out[i] = float32(float32(float32(v-mean)*inverse)*gamma[i]) + beta[i]
		}
	}
}

// RMSNorm writes x/sqrt(mean(x^2)+eps)*gamma for each row (Zhang & Sennrich 2019).
// dst may be x.
func (s *Set) RMSNorm(dst, x, gamma []float32, rows, width, ldx, ldd int, eps float32) {
	for r := range rows {
		in, out := x[r*ldx:][:width], dst[r*ldd:][:width]
		inverse := 1 / float32(math.Sqrt(float64(sum(in, 0, true)/float32(width)+eps)))
		for i, v := range in {
			out[i] = float32(float32(v*inverse) * gamma[i])
		}
	}
}

// sum adds x-shift, or its square, in sixteen partial sums: the order that every
// level keeps.
func sum(x []float32, shift float32, square bool) float32 {
	var part [16]float32
	for i, v := range x {
		v = float32(v - shift)
		if square {
			v = float32(v * v)
		}
		part[i%16] = float32(part[i%16] + v)
	}
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			part[i] = float32(part[i] + part[i+n])
		}
	}
	return part[0]
}
