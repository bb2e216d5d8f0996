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
		if hasAMX() {
			levels = append(levels, AMX)
		}
	}
	return levels
}

func archPrimitives(level Level, p *primitives) {
	if level == Generic {
		return
	}
	p.valueBytes, p.rowBlock, p.product = 2, 12, productAVX2
	p.amax, p.round, p.roundBytes, p.dequant = amaxAVX2, roundWordsAVX2, roundBytesAVX2, dequantAVX2
	p.gelu, p.silu, p.exp, p.maximum, p.multiply = geluAVX2, siluAVX2, expAVX2, maximumAVX2, multiplyAVX2
	p.sum, p.squares, p.normalise = sumAVX2, squaresAVX2, normaliseAVX2
	if level >= AVX512VNNI {
		p.valueBytes, p.offset, p.rowBlock, p.product, p.round, p.affine = 1, 128, 24, productVNNI, roundBytesAVX2, affineVNNI
		p.quantiseRows, p.softmaxRows = quantiseAVX512, softmaxAVX512
		p.gelu, p.silu, p.geluGated, p.siluGated = geluAVX512, siluAVX512, geluGatedAVX512, siluGatedAVX512
		p.layerNorm, p.rmsNorm = layerNormAVX512, rmsNormAVX512
		p.gather, p.rotate, p.interleave = gatherAVX512, rotateAVX512, interleaveAVX512
	}
	if level == AMX {
		p.rowBlock, p.product, p.affine = amxRows, productOfAMX, affineAMX
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
