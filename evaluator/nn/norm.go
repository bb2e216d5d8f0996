package nn

import "math"

// vector is the scale [N] of a norm within the parameters, and its shift [N]; a
// shift below 0 is none: RMSNorm.
type vector struct{ scale, shift, n int }

// normForward: y[M][N] = (x - mean) / sqrt(variance + eps) * scale + shift, row by
// row, which LayerNorm is; RMSNorm takes no mean and the mean square for variance.
// stats[M][2] keeps mean and 1/sqrt.
func normForward[F Float](e *Exec[F], y, x, stats, params []F, w vector, m int) {
	scale := params[w.scale:][:w.n]
	e.parallel(m, func(_, from, to int) {
		for i := from; i < to; i++ {
			in, out := x[i*w.n:][:w.n], y[i*w.n:][:w.n]
			var mean F
			if w.shift >= 0 {
				for _, v := range in {
					mean += v
				}
				mean /= F(w.n)
			}
			var square F
			for _, v := range in {
				square += (v - mean) * (v - mean)
			}
			inverse := 1 / F(math.Sqrt(float64(square/F(w.n)+Epsilon)))
			for j, v := range in {
				out[j] = (v - mean) * inverse * scale[j]
			}
			if w.shift >= 0 {
				for j, v := range params[w.shift:][:w.n] {
					out[j] += v
				}
			}
			stats[2*i], stats[2*i+1] = mean, inverse
		}
	})
}

// normBackward: dx[M][N] of normForward, or dx += it, dx being dy if need be; dscale[N] and dshift[N] are
// added to. With u = (x - mean) * inverse and g = dy * scale,
// dx = inverse * (g - mean(g) - u * mean(g u)); RMSNorm has no mean(g).
func normBackward[F Float](e *Exec[F], dx, dy, x, stats, params, grads []F, w vector, m int, add bool) {
	e.parallel(w.n, func(_, from, to int) {
		dscale := grads[w.scale+from : w.scale+to]
		for i := range m {
			mean, inverse := stats[2*i], stats[2*i+1]
			in, gradient := x[i*w.n+from:][:len(dscale)], dy[i*w.n+from:][:len(dscale)]
			for j, v := range in {
				dscale[j] += gradient[j] * ((v - mean) * inverse)
			}
		}
	})
	if w.shift >= 0 {
		sumRows(e, grads[w.shift:][:w.n], dy, w.n, m)
	}
	scale := params[w.scale:][:w.n]
	e.parallel(m, func(_, from, to int) {
		for i := from; i < to; i++ {
			in, gradient, out := x[i*w.n:][:w.n], dy[i*w.n:][:w.n], dx[i*w.n:][:w.n]
			mean, inverse := stats[2*i], stats[2*i+1]
			var sum, dot F
			for j, v := range in {
				g := gradient[j] * scale[j]
				sum += g
				dot += g * (v - mean)
			}
			if w.shift < 0 {
				sum = 0
			}
			sum /= F(w.n)
			dot *= inverse * inverse / F(w.n)
			for j, v := range in {
				d := inverse * (gradient[j]*scale[j] - sum - (v-mean)*dot)
				if add {
					d += out[j]
				}
				out[j] = d
			}
		}
	})
}
