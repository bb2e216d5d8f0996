package kernels

import "golang.org/x/sys/cpu"

func archLevels() []Level {
	x := &cpu.X86
	if !x.HasSSE41 {
		return nil
	}
	levels := []Level{SSE41}
	if !x.HasAVX2 {
		return levels
	}
	levels = append(levels, AVX2)
	if x.HasAVXVNNI {
		levels = append(levels, AVXVNNI)
	}
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512VNNI {
		levels = append(levels, AVX512VNNI)
		if hasAMX() {
			levels = append(levels, AMX)
		}
	}
	return levels
}

func archPrimitives(level Level, p *primitives) {
	switch level {
	case Generic:
		return
	case SSE41:
		p.valueBytes, p.rowBlock, p.product, p.round = 2, 12, productSSE41, roundWords
		return
	}
	p.valueBytes, p.rowBlock, p.mostRows, p.product = 2, 12, mostRows, productAVX2
	p.amax, p.round, p.roundBytes, p.dequant = amaxBlocks, roundWordsAVX2, roundBytesAVX2, dequantBlocks
	p.gelu, p.silu, p.exp, p.maximum, p.multiply = geluBlocks, siluBlocks, expBlocks, maximumBlocks, multiplyBlocks
	p.sum, p.squares, p.normalise = sumBlocks, squaresBlocks, normaliseBlocks
	p.gather, p.rotate, p.interleave = gatherBlocks, rotateAVX2, interleaveAVX2
	switch level {
	case AVX2:
		p.affine = affineAVX2
	case AVXVNNI:
		p.valueBytes, p.offset, p.rowBlock, p.product, p.round, p.affine = 1, 128, 24, vnniOfAVX.product, roundBytesAVX2, vnniOfAVX.affine
	case AVX512VNNI, AMX:
		p.valueBytes, p.offset, p.rowBlock, p.mostRows, p.product, p.round, p.affine = 1, 128, 24, mostRows, vnniOfAVX512.product, roundBytesAVX2, vnniOfAVX512.affine
		p.quantiseRows, p.softmaxRows = quantiseAVX512, softmaxAVX512
		p.gelu, p.silu, p.geluGated, p.siluGated = geluAVX512, siluAVX512, geluGatedAVX512, siluGatedAVX512
		p.layerNorm, p.rmsNorm = layerNormAVX512, rmsNormAVX512
		p.gather, p.rotate, p.interleave = gatherAVX512, rotateAVX512, interleaveAVX512
	}
	if level == AMX {
		p.rowBlock, p.mostRows, p.product, p.affine = amxRows, 0, productOfAMX, affineAMX
	}
}
