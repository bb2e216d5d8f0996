package kernels

import "unsafe"

type (
	tileVNNI func(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)
	gemvVNNI func(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride int, groups, blocks int, sum *int32, rowScale, colScale, bias, residual *float32)
)

// vnni are the kernels by vpdpbusd on registers of one width.
type vnni struct {
	tiles [][6]tileVNNI // by panels and rows, less one each
	gemv  [3][]wideGemv // by rows, less one; first those of more panels
}

type wideGemv struct {
	panels int // of a block
	run    gemvVNNI
}

var vnniOfAVX = vnni{
	tiles: [][6]tileVNNI{{tile1AVXVNNI, tile2AVXVNNI, tile3AVXVNNI, tile4AVXVNNI, tile5AVXVNNI, tile6AVXVNNI}},
	gemv:  [3][]wideGemv{{{4, gemv1x4AVXVNNI}}, {{2, gemv2x2AVXVNNI}}, {{2, gemv3x2AVXVNNI}}},
}

var vnniOfAVX512 = vnni{
	tiles: [][6]tileVNNI{
		{tile1x1VNNI, tile2x1VNNI, tile3x1VNNI, tile4x1VNNI, tile5x1VNNI, tile6x1VNNI},
		{tile1x2VNNI, tile2x2VNNI, tile3x2VNNI, tile4x2VNNI, tile5x2VNNI, tile6x2VNNI},
		{tile1x3VNNI, tile2x3VNNI, tile3x3VNNI, tile4x3VNNI, tile5x3VNNI, tile6x3VNNI},
		{tile1x4VNNI, tile2x4VNNI, tile3x4VNNI, tile4x4VNNI, tile5x4VNNI, tile6x4VNNI},
	},
	gemv: [3][]wideGemv{{{8, gemv1x8VNNI}, {4, gemv1x4VNNI}}, {{4, gemv2x4VNNI}}, {{4, gemv3x4VNNI}}},
}

// product takes as many panels at a time as the tiles do, and all the rows of them.
func (v *vnni) product(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for p := 0; p < panels; p += len(v.tiles) {
		var offset *int32
		if sum != nil {
			offset = &sum[p*PanelWidth : panels*PanelWidth][0]
		}
		wide := &v.tiles[min(panels-p, len(v.tiles))-1]
		eachHeight(rows, func(m, height, tiles int) {
			wide[height-1](&dst[m*ldc+p*PanelWidth], ldc, &a[m*lda], lda, &b[p*panelStride], panelStride, groups, tiles, offset, nil, nil, nil, nil, 0)
		})
	}
}

// affine is product with the sums made floats in the tile.
func (v *vnni) affine(dst []float32, ldd int, a []byte, lda int, rowScale []float32, b right, columns int, residual []float32) {
	rows, panels := len(rowScale), PadN(columns)/PanelWidth
	b.check(dst, ldd, a, lda, rows, columns, residual)
	p := 0
	if rows <= len(v.gemv) && b.sum != nil {
		for _, g := range v.gemv[rows-1] {
			if left := columns/PanelWidth - p; left >= g.panels {
				blocks := left / g.panels
				o := b.operands(p, blocks*g.panels)
				g.run(&dst[p*PanelWidth], ldd, &a[0], lda, o.data, b.stride, b.groups, blocks, o.sum, &rowScale[0], o.scale, o.bias, first(after(residual, p*PanelWidth), 1))
				p += blocks * g.panels
			}
		}
	}
	for ; p < panels; p += len(v.tiles) {
		width := min(panels-p, len(v.tiles))
		o, wide := b.operands(p, width), &v.tiles[width-1]
		last := min(columns-(p+width-1)*PanelWidth, PanelWidth)
		eachHeight(rows, func(m, height, tiles int) {
			i := m*ldd + p*PanelWidth
			to := (*int32)(unsafe.Pointer(&dst[i]))
			wide[height-1](to, ldd, &a[m*lda], lda, o.data, b.stride, b.groups, tiles, o.sum, &rowScale[m], o.scale, o.bias, first(after(residual, i), 1), last)
		})
	}
}
