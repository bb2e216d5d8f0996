package nn

// matrix is W[N][K] within the parameters, rows ld values apart, with the bias [N]
// behind it if it has one. Heads narrower than the Model's lie step values apart: as
// blocks of rows, or across of columns.
type matrix struct {
	offset, n, k, ld int // of one block
	blocks, step     int
	across           bool
	bias, biasStep   int // bias < 0: none
}

// merge makes one block of those that follow each other without a gap.
func (w matrix) merge() matrix {
	switch {
	case !w.across && w.step == w.n*w.ld:
		w.n *= w.blocks
	case w.across && w.step == w.k:
		w.k *= w.blocks
	default:
		return w
	}
	w.blocks = 1
	return w
}

// linearForward: y[M][N] = x[M][K] W[N][K]ᵀ + bias[N], or y += that. Rows of x and y
// are ldx and ldy apart.
func linearForward[F Float](e *Exec[F], y []F, ldy int, x []F, ldx int, params []F, w matrix, m int, add bool) {
	if w.bias >= 0 {
		e.parallel(m, func(_, from, to int) {
			for i := from; i < to; i++ {
				biasRow(y[i*ldy:], params[w.bias:], w, add)
			}
		})
		add = true
	}
	for i := range w.blocks {
		p := product[F]{m: m, n: w.n, k: w.k, a: x, lda: ldx, b: params[w.offset+i*w.step:], ldb: w.ld, tb: true, c: y, ldc: ldy, alpha: 1}
		if w.across {
			p.a = x[i*w.k:]
		} else {
			p.c = y[i*w.n:]
		}
		if add || w.across && i > 0 {
			p.beta = 1
		}
		e.matmul(p)
	}
}

// biasRow sets a row of y to the bias or adds it.
func biasRow[F Float](y, bias []F, w matrix, add bool) {
	blocks := w.blocks
	if w.across {
		blocks = 1
	}
	for i := range blocks {
		row, from := y[i*w.n:][:w.n], bias[i*w.biasStep:][:w.n]
		if !add {
			copy(row, from)
			continue
		}
		for j, v := range from {
			row[j] += v
		}
	}
}

// linearBackward: dx[M][K] = dy[M][N] W[N][K], or dx += that; dW[N][K] += dyᵀ x;
// dbias[N] += sum over M of dy. A nil dx is not computed.
func linearBackward[F Float](e *Exec[F], dx []F, lddx int, dy []F, lddy int, x []F, ldx int, params, grads []F, w matrix, m int, add bool) {
	for i := range w.blocks {
		into, from, gradient := x, dx, dy
		if w.across {
			into = x[i*w.k:]
			if dx != nil {
				from = dx[i*w.k:]
			}
		} else {
			gradient = dy[i*w.n:]
		}
		at := w.offset + i*w.step
		e.matmul(product[F]{m: w.n, n: w.k, k: m, a: gradient, lda: lddy, ta: true, b: into, ldb: ldx, c: grads[at:], ldc: w.ld, alpha: 1, beta: 1})
		if dx == nil {
			continue
		}
		p := product[F]{m: m, n: w.k, k: w.n, a: gradient, lda: lddy, b: params[at:], ldb: w.ld, c: from, ldc: lddx, alpha: 1}
		if add || !w.across && i > 0 {
			p.beta = 1
		}
		e.matmul(p)
	}
	if w.bias < 0 {
		return
	}
	blocks := w.blocks
	if w.across {
		blocks = 1
	}
	for i := range blocks {
		sumRows(e, grads[w.bias+i*w.biasStep:][:w.n], dy[i*w.n:], lddy, m)
	}
}

// sumRows: dst[N] += sum over M of x[M][N].
func sumRows[F Float](e *Exec[F], dst, x []F, ldx, m int) {
	e.parallel(len(dst), func(_, from, to int) {
		sum := dst[from:to]
		for i := range m {
			for j, v := range x[i*ldx+from:][:len(sum)] {
				sum[j] += v
			}
		}
	})
}
