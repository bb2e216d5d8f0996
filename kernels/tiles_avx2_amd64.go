package kernels

type tileAVX2 func(dst *float32, ldd int, a *byte, lda int, b *int8, groups int, rowScale, colScale, bias, residual *float32, last int)

// tilesAVX2 by rows, less one. Those of more than three take half a panel.
var tilesAVX2 = [6]tileAVX2{tile1AVX2, tile2AVX2, tile3AVX2, half4AVX2, half5AVX2, half6AVX2}

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
	for col := 0; col < columns; col += PanelWidth {
		panel := b.data[col/PanelWidth*b.stride:]
		for m, n := 0, 0; m < rows; m += n {
			n = tileRows(rows - m)
			width := PanelWidth
			if n > 3 {
				width /= 2
			}
			for at := col; at < min(col+PanelWidth, columns); at += width {
				i := m*ldd + at
				tilesAVX2[n-1](&dst[i], ldd, &a[m*lda], lda, &panel[(at-col)*GroupDepth], b.groups,
					first(after(rowScale, m), n), first(after(b.scale, at), width), first(after(b.bias, at), width), first(after(residual, i), 1), min(width, columns-at))
			}
		}
	}
}

// tileRows is the height of the next tile where so many rows are left: six, or
// less so that no tile is much lower than the others.
func tileRows(left int) int {
	tiles := (left + 5) / 6
	return (left + tiles - 1) / tiles
}
