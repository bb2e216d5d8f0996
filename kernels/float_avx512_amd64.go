package kernels

import "unsafe"

type tileVNNI func(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

// tilesVNNI by panels and rows, less one each.
var tilesVNNI = [4][6]tileVNNI{
	{tile1x1VNNI, tile2x1VNNI, tile3x1VNNI, tile4x1VNNI, tile5x1VNNI, tile6x1VNNI},
	{tile1x2VNNI, tile2x2VNNI, tile3x2VNNI, tile4x2VNNI, tile5x2VNNI, tile6x2VNNI},
	{tile1x3VNNI, tile2x3VNNI, tile3x3VNNI, tile4x3VNNI, tile5x3VNNI, tile6x3VNNI},
	{tile1x4VNNI, tile2x4VNNI, tile3x4VNNI, tile4x4VNNI, tile5x4VNNI, tile6x4VNNI},
}

// eachHeight calls f for rows rows in tiles of at most six, none of them much lower
// than another: first the higher ones, from row m on, then the others.
func eachHeight(rows int, f func(m, height, tiles int)) {
	tiles := (rows + 5) / 6
	height, higher := rows/tiles, rows%tiles
	if higher > 0 {
		f(0, height+1, higher)
	}
	f(higher*(height+1), height, tiles-higher)
}

// productVNNI takes four panels at a time and up to six rows of them.
func productVNNI(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for p := 0; p < panels; p += 4 {
		var offset *int32
		if sum != nil {
			offset = &sum[p*PanelWidth : panels*PanelWidth][0]
		}
		wide := &tilesVNNI[min(panels-p, 4)-1]
		eachHeight(rows, func(m, height, tiles int) {
			wide[height-1](&dst[m*ldc+p*PanelWidth], ldc, &a[m*lda], lda, &b[p*panelStride], panelStride, groups, tiles, offset, nil, nil, nil, nil, 0)
		})
	}
}

// affineVNNI is productVNNI with the sums made floats in the tile.
func affineVNNI(dst []float32, ldd int, a []byte, lda int, rowScale []float32, b right, columns int, residual []float32) {
	rows, panels := len(rowScale), PadN(columns)/PanelWidth
	b.check(dst, ldd, a, lda, rows, columns, residual)
	p := 0
	if blocks := columns / blockColumns; rows < 4 && blocks > 0 && b.sum != nil {
		var bias, add *float32
		if b.bias != nil {
			bias = &b.bias[:blocks*blockColumns][0]
		}
		if residual != nil {
			add = &residual[0]
		}
		gemv := [...]func(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride, groups, blocks int, sum *int32, rowScale, colScale, bias, residual *float32){gemv1x4VNNI, gemv2x4VNNI, gemv3x4VNNI}[rows-1]
		steps := blocks
		if rows == 1 && blocks%2 == 0 {
			gemv, steps = gemv1x8VNNI, blocks/2
		}
		gemv(&dst[0], ldd, &a[0], lda, &b.data[0], b.stride, b.groups, steps, &b.sum[:blocks*blockColumns][0], &rowScale[0], &b.scale[:blocks*blockColumns][0], bias, add)
		p = 4 * blocks
	}
	for ; p < panels; p += 4 {
		col := p * PanelWidth
		var sum *int32
		var bias, add *float32
		if b.sum != nil {
			sum = &b.sum[col : panels*PanelWidth][0]
		}
		if b.bias != nil {
			bias = &b.bias[col : panels*PanelWidth][0]
		}
		wide := &tilesVNNI[min(panels-p, 4)-1]
		last := min(columns-col, blockColumns)
		last -= (last - 1) / PanelWidth * PanelWidth
		eachHeight(rows, func(m, height, tiles int) {
			if residual != nil {
				add = &residual[m*ldd+col]
			}
			to := (*int32)(unsafe.Pointer(&dst[m*ldd+col]))
			wide[height-1](to, ldd, &a[m*lda], lda, &b.data[p*b.stride], b.stride, b.groups, tiles, sum, &rowScale[m], &b.scale[col : panels*PanelWidth][0], bias, add, last)
		})
	}
}

func quantiseAVX512(dst []byte, ldq int, x []float32, ldx, n int, scale []float32, offset byte) {
	rows := len(scale)
	_, _ = x[(rows-1)*ldx:][:n], dst[(rows-1)*ldq:][:PadK(n)]
	quantise512(&dst[0], ldq, &x[0], ldx, rows, n, &scale[0], uint32(offset)*0x01010101)
}

func softmaxAVX512(dst []byte, ldd int, x []float32, ldx, n, grow, padded int, weight, out, inverse []float32) {
	rows := len(out)
	most := n + (rows-1)*grow
	_, _ = x[(rows-1)*ldx:][:most], dst[(rows-1)*ldd:][:padded]
	_, _ = weight[:most], inverse[:rows]
	softmax512(&dst[0], ldd, &x[0], ldx, rows, n, grow, padded, &weight[0], &out[0], &inverse[0])
}

func geluAVX512(x []float32) { gelu512(unsafe.SliceData(x), len(x)) }
func siluAVX512(x []float32) { silu512(unsafe.SliceData(x), len(x)) }

func geluGatedAVX512(dst, x []float32) {
	_ = x[:2*PadN(len(dst))]
	geluGated512(&dst[0], &x[0], len(dst))
}

func siluGatedAVX512(dst, x []float32) {
	_ = x[:2*PadN(len(dst))]
	siluGated512(&dst[0], &x[0], len(dst))
}

func layerNormAVX512(dst, x, gamma, beta []float32, rows, width, ldx, ldd int, eps float32) {
	_, _ = x[(rows-1)*ldx:][:width], dst[(rows-1)*ldd:][:width]
	_, _ = gamma[:width], beta[:width]
	layerNorm512(&dst[0], &x[0], &gamma[0], &beta[0], rows, width, ldx, ldd, eps)
}

func rmsNormAVX512(dst, x, gamma []float32, rows, width, ldx, ldd int, eps float32) {
	_, _ = x[(rows-1)*ldx:][:width], dst[(rows-1)*ldd:][:width]
	rmsNorm512(&dst[0], &x[0], &gamma[:width][0], nil, rows, width, ldx, ldd, eps)
}

func gatherAVX512(dst []float32, row []int8, scale float32, add bool) {
	flag := 0
	if add {
		flag = 1
	}
	_ = dst[:len(row)]
	gather512(unsafe.SliceData(dst), unsafe.SliceData(row), len(row), scale, flag)
}

func rotateAVX512(x, table []float32) {
	half := len(x) / 2
	_ = table[:2*half]
	rotate512(unsafe.SliceData(x), unsafe.SliceData(table), half)
}

func interleaveAVX512(dst []int8, stride int, v []byte, ldv, n int) {
	_, _ = dst[(n-1)/PanelWidth*stride:][:PanelWidth*GroupDepth], v[3*ldv:][:n]
	interleave512(&dst[0], stride, &v[0], ldv, n)
}
