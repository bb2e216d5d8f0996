package kernels

// floatTileGeneric defines the tiles of a MatMul: two rows of four columns.
var floatTileGeneric = floatTile{rows: 2, columns: 4, vector: 4, run: runGeneric, stack: stackGeneric, transpose: transposeGeneric}

func runGeneric(c []float32, ldc int, a []float32, lda int, b []float32, ldb, depth, rows, _ int, alpha, beta float32, _ lines) {
	second := (rows - 1) * lda // a single row is computed twice
	var x0, x1, x2, x3, y0, y1, y2, y3 float32
	for k := range depth {
		u, v, w := a[k], a[k+second], (*[4]float32)(b[k*ldb:])
		x0 += float32(u * w[0])
		x1 += float32(u * w[1])
		x2 += float32(u * w[2])
		x3 += float32(u * w[3])
		y0 += float32(v * w[0])
		y1 += float32(v * w[1])
		y2 += float32(v * w[2])
		y3 += float32(v * w[3])
	}
	for r, sums := range [2][4]float32{{x0, x1, x2, x3}, {y0, y1, y2, y3}} {
		if r < rows {
			for i := range sums {
				sums[i] *= alpha
			}
			merge(c[r*ldc:][:4], sums[:], beta)
		}
	}
}

func transposeGeneric(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	for i := range rows {
		for j, v := range src[i*lds:][:columns] {
			dst[j*ldd+i] = v
		}
	}
}

func stackGeneric(dst, src []float32, lds, rows int) {
	for i := range rows {
		copy(dst[4*i:][:4], src[i*lds:][:4])
	}
}
