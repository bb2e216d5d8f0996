package kernels

func archTile(level Level) floatTile {
	if level == Generic {
		return floatTileGeneric
	}
	return floatTile{rows: 4, columns: 16, vector: 16, run: runNEON, stack: stack16, transpose: transposeGeneric}
}

// tilesFloat by rows, less one.
var tilesFloat = [4]func(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32){matmul1, matmul2, matmul3, matmul4}

func runNEON(c []float32, ldc int, a []float32, lda int, b []float32, ldb, depth, rows, _ int, alpha, beta float32, _ lines) {
	_, _, _ = c[(rows-1)*ldc:][:16], a[(rows-1)*lda:][:depth], b[(depth-1)*ldb:][:16]
	tilesFloat[rows-1](&c[0], ldc, &a[0], lda, &b[0], ldb, depth, alpha, beta)
}

func stack16(dst, src []float32, lds, rows int) {
	for i := range rows {
		copy(dst[16*i:][:16], src[i*lds:][:16])
	}
}

//go:noescape
func matmul1(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32)

//go:noescape
func matmul2(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32)

//go:noescape
func matmul3(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32)

//go:noescape
func matmul4(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32)
