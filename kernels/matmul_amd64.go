package kernels

import "golang.org/x/sys/cpu"

func archTile(level Level) floatTile {
	switch {
	case level < AVX2 || !cpu.X86.HasFMA:
		return floatTileGeneric
	case level >= AVX512VNNI:
		return floatTile{rows: 14, columns: 32, vector: 16, run: runFMA512, stack: stack32, transpose: transposeAVX2}
	}
	return floatTile{rows: 6, columns: 16, vector: 8, run: runFMA256, stack: stack16, transpose: transposeAVX2}
}

type tileFMA func(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32, next *float32, stride, lines int)

// tilesFMA512 and tilesFMA256 by vectors and rows, less one each.
var tilesFMA512 = [2][14]tileFMA{
	{tile1x1FMA512, tile2x1FMA512, tile3x1FMA512, tile4x1FMA512, tile5x1FMA512, tile6x1FMA512,
		tile7x1FMA512, tile8x1FMA512, tile9x1FMA512, tile10x1FMA512, tile11x1FMA512, tile12x1FMA512, tile13x1FMA512, tile14x1FMA512},
	{tile1x2FMA512, tile2x2FMA512, tile3x2FMA512, tile4x2FMA512, tile5x2FMA512, tile6x2FMA512,
		tile7x2FMA512, tile8x2FMA512, tile9x2FMA512, tile10x2FMA512, tile11x2FMA512, tile12x2FMA512, tile13x2FMA512, tile14x2FMA512},
}

var tilesFMA256 = [2][6]tileFMA{
	{tile1x1FMA256, tile2x1FMA256, tile3x1FMA256, tile4x1FMA256, tile5x1FMA256, tile6x1FMA256},
	{tile1x2FMA256, tile2x2FMA256, tile3x2FMA256, tile4x2FMA256, tile5x2FMA256, tile6x2FMA256},
}

func runFMA512(c []float32, ldc int, a []float32, lda int, b []float32, ldb, depth, rows, columns int, alpha, beta float32, next lines) {
	vectors := (columns + 15) / 16
	_, _, _ = c[(rows-1)*ldc:][:16*vectors], a[(rows-1)*lda:][:depth], b[(depth-1)*ldb:][:16*vectors]
	tilesFMA512[vectors-1][rows-1](&c[0], ldc, &a[0], lda, &b[0], ldb, depth, alpha, beta, next.at, next.ld, next.rows)
}

func runFMA256(c []float32, ldc int, a []float32, lda int, b []float32, ldb, depth, rows, columns int, alpha, beta float32, next lines) {
	vectors := (columns + 7) / 8
	_, _, _ = c[(rows-1)*ldc:][:8*vectors], a[(rows-1)*lda:][:depth], b[(depth-1)*ldb:][:8*vectors]
	tilesFMA256[vectors-1][rows-1](&c[0], ldc, &a[0], lda, &b[0], ldb, depth, alpha, beta, next.at, next.ld, next.rows)
}

func stack32(dst, src []float32, lds, rows int) {
	_, _ = dst[:32*rows], src[(rows-1)*lds:][:32]
	stackFMA512(&dst[0], &src[0], lds, rows)
}

func stack16(dst, src []float32, lds, rows int) {
	_, _ = dst[:16*rows], src[(rows-1)*lds:][:16]
	stackFMA256(&dst[0], &src[0], lds, rows)
}

// transposeAVX2 takes 64 columns at a time, so that the lines it writes parts of stay
// in the first-level cache until they are whole.
func transposeAVX2(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	for j := 0; j < columns; j += 64 {
		width := min(64, columns-j)
		whole := width &^ 7
		i := 0
		for ; i+8 <= rows && whole > 0; i += 8 {
			from, to := i*lds+j, j*ldd+i
			_, _ = dst[to+(whole-1)*ldd:][:8], src[from+7*lds:][:whole]
			transpose8(&dst[to], ldd, &src[from], lds, whole/8)
			if whole < width {
				transposeGeneric(dst[to+whole*ldd:], ldd, src[from+whole:], lds, 8, width-whole)
			}
		}
		if i < rows {
			transposeGeneric(dst[j*ldd+i:], ldd, src[i*lds+j:], lds, rows-i, width)
		}
	}
}
