package kernels

type (
	gemvAVX2 func(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride, groups, panels int, rowScale, colScale, bias, residual *float32, last int)
	halfAVX2 func(dst *float32, ldd int, a *byte, lda int, b *int8, groups, tiles int, rowScale, colScale, bias, residual *float32, last int)
)

// gemvsAVX2 by rows, less one, and halvesAVX2, of half a panel, by rows, less four.
var (
	gemvsAVX2  = [3]gemvAVX2{tile1AVX2, tile2AVX2, tile3AVX2}
	halvesAVX2 = [3]halfAVX2{half4AVX2, half5AVX2, half6AVX2}
)

func productAVX2(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, _ []int32) {
	eachTileAVX2(floatsOf(dst), ldc, a, lda, rows, nil, right{data: b, groups: groups, stride: panelStride}, panels*PanelWidth, nil)
}

// affineAVX2 is productAVX2 with the sums made floats in the tile.
func affineAVX2(dst []float32, ldd int, a []byte, lda int, rowScale []float32, b right, columns int, residual []float32) {
	_, _ = b.scale[:PadN(columns)], after(b.bias, PadN(columns))
	eachTileAVX2(dst, ldd, a, lda, len(rowScale), rowScale, b, columns, residual)
}

// eachTileAVX2 takes the rows panel by panel. Without rowScale it writes sums.
func eachTileAVX2(dst []float32, ldd int, a []byte, lda, rows int, rowScale []float32, b right, columns int, residual []float32) {
	b.check(dst, ldd, a, lda, rows, columns, residual)
	_ = a[(rows-1)*lda:][:2*b.groups*GroupDepth]
	eachHeight(rows, func(m, height, tiles int) {
		scale := first(after(rowScale, m), height*tiles)
		if height <= len(gemvsAVX2) { // then it is one tile
			gemv := gemvsAVX2[height-1]
			if whole := columns / PanelWidth; whole > 0 {
				o := b.operands(0, whole)
				gemv(&dst[m*ldd], ldd, &a[m*lda], lda, o.data, b.stride, b.groups, whole, scale, o.scale, o.bias, first(after(residual, m*ldd), 1), PanelWidth)
			}
			if last := columns % PanelWidth; last > 0 {
				o, i := b.operands(columns/PanelWidth, 1), m*ldd+columns-last
				gemv(&dst[i], ldd, &a[m*lda], lda, o.data, b.stride, b.groups, 1, scale, o.scale, o.bias, first(after(residual, i), 1), last)
			}
			return
		}
		const width = PanelWidth / 2
		for col := 0; col < columns; col += width {
			i, at := m*ldd+col, col/PanelWidth*b.stride+col%PanelWidth*GroupDepth
			halvesAVX2[height-4](&dst[i], ldd, &a[m*lda], lda, &b.data[at], b.groups, tiles, scale, first(after(b.scale, col), width), first(after(b.bias, col), width), first(after(residual, i), 1), min(width, columns-col))
		}
	})
}
