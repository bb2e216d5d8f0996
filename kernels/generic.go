package kernels

import "math"

// The generic kernels: plain Go loops that define what every level computes.

// tiny is the largest magnitude that a row may have and still count as zero: it
// keeps 127/amax finite.
const tiny = 1e-30

func genericPrimitives() primitives {
	return primitives{valueBytes: 1, product: productGeneric, quantise: quantiseGeneric, dequant: dequantGeneric,
		gelu: geluGeneric, silu: siluGeneric, exp: expGeneric}
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

// quantiseGeneric writes q[k] = roundToEven(x[k] * (127/amax)) as int8, padded
// with zeros to PadK(len(x)), and returns the scale amax/127, amax being the
// largest magnitude of the row. A row below tiny is all zero with scale 0. A row
// with a NaN or an infinity is all zero with scale NaN, so that everything
// computed from it is NaN.
func quantiseGeneric(dst []byte, x []float32) float32 {
	bits := uint32(0)
	for _, v := range x {
		bits = max(bits, math.Float32bits(v)&^(1<<31))
	}
	clear(dst[:PadK(len(x))])
	amax := math.Float32frombits(bits)
	if bits >= 0x7f800000 {
		return float32(math.NaN())
	}
	if amax < tiny {
		return 0
	}
	inverse := 127 / amax
	for k, v := range x {
		dst[k] = byte(int8(math.RoundToEven(float64(v * inverse))))
	}
	return amax / 127
}

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

// expf is e^x for x <= 0 or small, by 2^n * p(r) with |r| <= ln2/2 and a
// polynomial of degree 6; relative error below 3e-7. Arguments are clamped to
// [-87, 88].
func expf(x float32) float32 {
	x = min(max(x, -87), 88)
	n := float32(math.RoundToEven(float64(x * (1 / math.Ln2))))
	r := float32(x - float32(n*0.693359375))
	r = float32(r - float32(n*-2.12194440e-4))
	p := float32(1.9875691500e-4)
	p = float32(float32(p*r) + 1.3981999507e-3)
	p = float32(float32(p*r) + 8.3334519073e-3)
	p = float32(float32(p*r) + 4.1665795894e-2)
	p = float32(float32(p*r) + 1.6666665459e-1)
	p = float32(float32(p*r) + 5.0000001201e-1)
	p = float32(float32(p*float32(r*r)) + r)
	p = float32(p + 1)
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

// expGeneric replaces x by e^(x-top) and returns the sum, added in order.
func expGeneric(x []float32, top float32) float32 {
	sum := float32(0)
	for i, v := range x {
		e := expf(float32(v - top))
		x[i] = e
		sum = float32(sum + e)
	}
	return sum
}

// geluGeneric is x/(1+e^-2u), u = sqrt(2/pi)*(x+0.044715x^3): the tanh form
// (Hendrycks & Gimpel 2016, section 2), within 5e-4 of the erf form.
func geluGeneric(x []float32) {
	for i, v := range x {
		u := float32(1.5957691216 * float32(v+float32(0.044715*float32(float32(v*v)*v))))
		x[i] = v / float32(1+expf(-u))
	}
}

// siluGeneric is x/(1+e^-x).
func siluGeneric(x []float32) {
	for i, v := range x {
		x[i] = v / float32(1+expf(-v))
	}
}
