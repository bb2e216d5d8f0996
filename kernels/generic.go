package kernels

import "math"

// The generic kernels: plain Go loops that define what every level computes.

func genericPrimitives() primitives {
	return primitives{valueBytes: 1, rowBlock: 24, product: productGeneric, amax: amaxGeneric, round: roundGeneric, dequant: dequantGeneric,
		gelu: geluGeneric, silu: siluGeneric, exp: expGeneric, maximum: maximumGeneric, multiply: multiplyGeneric,
		sum: sumGeneric, squares: squaresGeneric, normalise: normaliseGeneric, roundBytes: roundGeneric,
		gather: gatherGeneric, rotate: rotateGeneric, interleave: interleaveGeneric}
}

// productGeneric computes dst[m*ldc+n] = sum over k of A[m][k]*B[k][n] for rows
// rows of int8 and 16*panels columns, with 4*groups values of depth. sum serves
// the levels whose A carries an offset.
func productGeneric(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32) {
	for p := range panels {
		panel := b[p*panelStride:][:groups*PanelWidth*GroupDepth]
		for m := range rows {
			var acc [PanelWidth]int32
			row := a[m*lda:][:groups*GroupDepth]
			for g := range groups {
				a0, a1, a2, a3 := int32(int8(row[4*g])), int32(int8(row[4*g+1])), int32(int8(row[4*g+2])), int32(int8(row[4*g+3]))
				w := panel[g*PanelWidth*GroupDepth:][:PanelWidth*GroupDepth]
				for n := range acc {
					acc[n] += a0*int32(w[4*n]) + a1*int32(w[4*n+1]) + a2*int32(w[4*n+2]) + a3*int32(w[4*n+3])
				}
			}
			copy(dst[m*ldc+p*PanelWidth:], acc[:])
		}
	}
}

// amaxGeneric is the largest magnitude in x as the bits of a float32, which order
// as numbers do: infinities above all numbers, NaNs above all.
func amaxGeneric(x []float32) uint32 {
	bits := uint32(0)
	for _, v := range x {
		bits = max(bits, math.Float32bits(v)&^(1<<31))
	}
	return bits
}

// roundGeneric writes round(x*inverse)+offset, to nearest even, in a byte each.
func roundGeneric(dst []byte, x []float32, inverse float32, offset byte) {
	for i, v := range x {
		dst[i] = roundByte(float32(v*inverse)) + offset
	}
}

// roundByte is v, of magnitude below 2^22, rounded to nearest even, its lowest byte
// in two's complement: adding 1.5*2^23 leaves no bits for a fraction.
func roundByte(v float32) byte { return byte(math.Float32bits(v + 1.5*(1<<23))) }

// dequantGeneric computes dst[n] = acc[n] * (rowScale*colScale[n]) + bias[n] +
// residual[n]; bias and residual may be nil.
func dequantGeneric(dst []float32, acc []int32, rowScale float32, colScale, bias, residual []float32) {
	for n := range dst {
		v := float32(float32(acc[n]) * float32(rowScale*colScale[n]))
		if bias != nil {
			v = float32(v + bias[n])
		}
		if residual != nil {
			v = float32(v + residual[n])
		}
		dst[n] = v
	}
}

// exp2f is 2^x by 2^n * p(x-n), n the nearest integer and p a minimax polynomial
// that is 1 at 0; relative error below 3.2e-6. Arguments are clamped to [-64, 127].
func exp2f(x float32) float32 {
	x = min(max(x, -64), 127)
	const round = 1.5 * (1 << 23) // adding it leaves no bits for a fraction
	z := float32(x + round)
	f := float32(x - float32(z-round))
	p := float32(9.582855177e-3)
	p = float32(float32(p*f) + 5.590643755e-2)
	p = float32(float32(p*f) + 2.402409852e-1)
	p = float32(float32(p*f) + 6.931241919e-1)
	p = float32(float32(p*f) + 1)
	return p * math.Float32frombits(math.Float32bits(z)<<23+127<<23)
}

// expGeneric replaces x by 2^(x-top) and returns the sum, added as by sumGeneric.
func expGeneric(x []float32, top float32) float32 {
	var part [16]float32
	for i, v := range x {
		e := exp2f(float32(v - top))
		x[i] = e
		part[i%16] = float32(part[i%16] + e)
	}
	return fold(&part)
}

// geluEnd is where the normal distribution counts as 0 or 1, and geluTerms the
// coefficients, highest first, of a minimax polynomial P with
// Phi(x) = 1/2 + x P(x^2), which is 0 and 1 at the ends.
const geluEnd = 4.24609375

var geluTerms = [...]float32{-8.460330172e-10, 7.570776653e-08, -2.938786329e-06, 6.552685438e-05, -9.404456717e-04, 9.257815040e-03, -6.545348366e-02, 3.984200326e-01}

// geluGeneric is x Phi(x) (Hendrycks & Gimpel 2016) within 1e-4. No division: it is
// the slowest instruction there is.
func geluGeneric(x []float32) {
	for i, v := range x {
		v = max(v, -geluEnd)
		u := min(v, geluEnd)
		t := float32(u * u)
		p := geluTerms[0]
		for _, c := range geluTerms[1:] {
			p = float32(float32(p*t) + c)
		}
		x[i] = v * float32(float32(p*u)+0.5)
	}
}

// siluGeneric is x/(1+e^-x).
func siluGeneric(x []float32) {
	for i, v := range x {
		x[i] = v / float32(1+exp2f(float32(v*-math.Log2E)))
	}
}

// maximumGeneric is the largest of x, which is not empty.
func maximumGeneric(x []float32) float32 {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	return top
}

// multiplyGeneric replaces x by x*y.
func multiplyGeneric(x, y []float32) {
	for i := range x {
		x[i] = float32(x[i] * y[i])
	}
}

// sumGeneric adds x in sixteen partial sums: the order that every level keeps.
func sumGeneric(x []float32) float32 {
	var part [16]float32
	for i, v := range x {
		part[i%16] = float32(part[i%16] + v)
	}
	return fold(&part)
}

// squaresGeneric adds (x-shift)^2 in sixteen partial sums.
func squaresGeneric(x []float32, shift float32) float32 {
	var part [16]float32
	for i, v := range x {
		v = float32(v - shift)
		part[i%16] = float32(part[i%16] + float32(v*v))
	}
	return fold(&part)
}

// fold adds partial sums in halves.
func fold(part *[16]float32) float32 {
	for n := 8; n > 0; n /= 2 {
		for i := range n {
			part[i] = float32(part[i] + part[i+n])
		}
	}
	return part[0]
}

// normaliseGeneric computes dst[i] = (x[i]-mean)*inverse*gamma[i] + beta[i]; beta
// may be nil.
func normaliseGeneric(dst, x, gamma, beta []float32, mean, inverse float32) {
	for i, v := range x {
		v = float32(float32(float32(v-mean)*inverse) * gamma[i])
		if beta != nil {
			v = float32(v + beta[i])
		}
		dst[i] = v
	}
}

// gatherGeneric writes row*scale to dst, or adds it.
func gatherGeneric(dst []float32, row []int8, scale float32, add bool) {
	for i, q := range row {
		v := float32(float32(q) * scale)
		if add {
			v = float32(dst[i] + v)
		}
		dst[i] = v
	}
}

// rotateGeneric rotates the pairs (i, i+half) of x by a row of a RoPETable.
func rotateGeneric(x, table []float32) { rotateFrom(0, x, table) }

// rotateFrom rotates the pairs from one on.
func rotateFrom(first int, x, table []float32) {
	half := len(x) / 2
	for i := first; i < half; i++ {
		cos, sin := table[i], table[half+i]
		a, b := x[i], x[i+half]
		x[i] = float32(a*cos) - float32(b*sin)
		x[i+half] = float32(a*sin) + float32(b*cos)
	}
}

// interleaveGeneric writes n columns of four rows of bytes as groups of panels
// that are stride bytes apart.
func interleaveGeneric(dst []int8, stride int, v []byte, ldv, n int) {
	interleaveFrom(0, dst, stride, v, ldv, n)
}

// interleaveFrom writes the columns from one on.
func interleaveFrom(first int, dst []int8, stride int, v []byte, ldv, n int) {
	for i := first; i < n; i++ {
		group := dst[i/PanelWidth*stride+i%PanelWidth*GroupDepth:][:GroupDepth]
		for t := range group {
			group[t] = int8(v[t*ldv+i])
		}
	}
}
