package nn

import "math"

// attentionShape is that of one layer's attention: H query heads share G key-value
// heads, H/G in a row each.
type attentionShape struct {
	b, t, h, g, d int
	causal        bool
}

// attentionRows are so many rows of scores computed at once; of causal attention
// their columns end where the last of them ends.
const attentionRows = 64

// seen is how many columns rows up to to have.
func (s attentionShape) seen(to int) int {
	if s.causal {
		return to
	}
	return s.t
}

// attentionForward: for every sequence and head, p[T][T] = softmax(q kᵀ / sqrt(D))
// over the tokens that a row sees, y[T][D] = p v. q and y are [M][H][D], k and v
// [M][G][D]; p, [B][H][T][T], is kept, zero where nothing is seen.
func attentionForward[F Float](e *Exec[F], y, p, q, k, v []F, s attentionShape) {
	alpha := F(math.Log2E / math.Sqrt(float64(s.d))) // scores are powers of two
	e.parallel(s.b*s.h, func(worker, first, last int) {
		for i := first; i < last; i++ {
			b, h := i/s.h, i%s.h
			at, kv := (b*s.t*s.h+h)*s.d, (b*s.t*s.g+h*s.g/s.h)*s.d
			weights := p[i*s.t*s.t:][:s.t*s.t]
			for from := 0; from < s.t; from += attentionRows {
				to := min(from+attentionRows, s.t)
				n, row := s.seen(to), at+from*s.h*s.d
				scores := weights[from*s.t:]
				e.serial(worker, product[F]{m: to - from, n: n, k: s.d, a: q[row:], lda: s.h * s.d,
					b: k[kv:], ldb: s.g * s.d, tb: true, c: scores, ldc: s.t, alpha: alpha})
				for r := from; r < to; r++ {
					e.softmax(weights[r*s.t:][:s.t], s.seen(r+1))
				}
				e.serial(worker, product[F]{m: to - from, n: s.d, k: n, a: scores, lda: s.t,
					b: v[kv:], ldb: s.g * s.d, c: y[row:], ldc: s.h * s.d, alpha: 1})
			}
		}
	})
}

// softmax makes weights of the first n scores, powers of two, and clears the rest.
func (e *Exec[F]) softmax(x []F, n int) {
	inverse := 1 / e.exp2(x[:n], e.maximum(x[:n]))
	for j := range n {
		x[j] *= inverse
	}
	clear(x[n:])
}

// attentionBackward: dq, dk and dv of attentionForward, from dy, all written. With
// dp = dy vᵀ and ds = p * (dp - sum over a row of p dp):
// dv = pᵀ dy, dq = ds k / sqrt(D), dk = dsᵀ q / sqrt(D), the last two of a group's
// heads added up.
func attentionBackward[F Float](e *Exec[F], dq, dk, dv, dy, p, q, k, v []F, s attentionShape) {
	scale := F(1 / math.Sqrt(float64(s.d)))
	group := s.h / s.g
	e.parallel(s.b*s.g, func(worker, first, last int) {
		ds := e.space(worker, attentionRows*s.t)
		for i := first; i < last; i++ {
			b, kv := i/s.g, (i/s.g*s.t*s.g+i%s.g)*s.d
			for h := i % s.g * group; h < (i%s.g+1)*group; h++ {
				at := (b*s.t*s.h + h) * s.d
				weights := p[(b*s.h+h)*s.t*s.t:][:s.t*s.t]
				// The last rows first: of causal attention they alone see, and write, every
				// column of dk and dv.
				for to := s.t; to > 0; to = (to - 1) / attentionRows * attentionRows {
					from := (to - 1) / attentionRows * attentionRows
					n, row, rows := s.seen(to), at+from*s.h*s.d, weights[from*s.t:]
					beta := F(1)
					if to == s.t && h == i%s.g*group {
						beta = 0
					}
					e.serial(worker, product[F]{m: to - from, n: n, k: s.d, a: dy[row:], lda: s.h * s.d,
						b: v[kv:], ldb: s.g * s.d, tb: true, c: ds, ldc: s.t, alpha: 1})
					e.serial(worker, product[F]{m: n, n: s.d, k: to - from, a: rows, lda: s.t, ta: true,
						b: dy[row:], ldb: s.h * s.d, c: dv[kv:], ldc: s.g * s.d, alpha: 1, beta: beta})
					for r := range to - from {
						softmaxBackward(ds[r*s.t:][:n], rows[r*s.t:][:n])
					}
					e.serial(worker, product[F]{m: to - from, n: s.d, k: n, a: ds, lda: s.t,
						b: k[kv:], ldb: s.g * s.d, c: dq[row:], ldc: s.h * s.d, alpha: scale})
					e.serial(worker, product[F]{m: n, n: s.d, k: to - from, a: ds, lda: s.t, ta: true,
						b: q[row:], ldb: s.h * s.d, c: dk[kv:], ldc: s.g * s.d, alpha: scale, beta: beta})
				}
			}
		}
	})
}

// softmaxBackward: d = p * (d - sum of p d), in place.
func softmaxBackward[F Float](d, p []F) {
	var sum F
	for j, v := range p {
		sum += v * d[j]
	}
	for j, v := range p {
		d[j] = v * (d[j] - sum)
	}
}
