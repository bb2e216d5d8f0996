package kernels

import "golang.org/x/sys/cpu"

func archLevels() []Level {
	x := &cpu.X86
	if !x.HasAVX2 {
		return nil
	}
	levels := []Level{AVX2}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512VNNI {
		levels = append(levels, AVX512VNNI)
	}
	return levels
}

// archPrimitives: only the int8 product and its operand differ between the two
// levels; the float32 work is AVX2 in both.
func archPrimitives(level Level, p *primitives) {
	if level == Generic {
		return
	}
	*p = primitives{valueBytes: 2, product: productAVX2, amax: amaxAVX2, round: roundWordsAVX2, dequant: dequantAVX2,
		gelu: geluAVX2, silu: siluAVX2, exp: expAVX2, maximum: maximumAVX2, multiply: multiplyAVX2,
		sum: sumAVX2, squares: squaresAVX2, normalise: normaliseAVX2}
	if level == AVX512VNNI {
		p.valueBytes, p.offset, p.product, p.round = 1, 128, productVNNI, roundBytesAVX2
	}
}

// productAVX2 takes the rows panel by panel, three at a time.
func productAVX2(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, _ []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:2*groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for p := range panels {
		panel := &b[p*panelStride]
		for m := 0; m < rows; m += 3 {
			to, row := &dst[m*ldc+p*PanelWidth], &a[m*lda]
			switch rows - m {
			case 1:
				tile1AVX2(to, ldc, row, lda, panel, groups)
			case 2:
				tile2AVX2(to, ldc, row, lda, panel, groups)
			default:
				tile3AVX2(to, ldc, row, lda, panel, groups)
			}
		}
	}
}

type tileVNNI func(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups int, sum *int32)

// tilesVNNI by panels and rows, less one each.
var tilesVNNI = [4][6]tileVNNI{
	{tile1x1VNNI, tile2x1VNNI, tile3x1VNNI, tile4x1VNNI, tile5x1VNNI, tile6x1VNNI},
	{tile1x2VNNI, tile2x2VNNI, tile3x2VNNI, tile4x2VNNI, tile5x2VNNI, tile6x2VNNI},
	{tile1x3VNNI, tile2x3VNNI, tile3x3VNNI, tile4x3VNNI, tile5x3VNNI, tile6x3VNNI},
	{tile1x4VNNI, tile2x4VNNI, tile3x4VNNI, tile4x4VNNI, tile5x4VNNI, tile6x4VNNI},
}

// productVNNI takes four panels at a time and six rows of them.
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
		for m := 0; m < rows; m += 6 {
			wide[min(rows-m, 6)-1](&dst[m*ldc+p*PanelWidth], ldc, &a[m*lda], lda, &b[p*panelStride], panelStride, groups, offset)
		}
	}
}
