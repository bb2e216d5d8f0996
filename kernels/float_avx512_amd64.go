package kernels

import "unsafe"

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
