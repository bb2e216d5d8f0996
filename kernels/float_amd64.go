package kernels

// The float32 primitives of AVX2 alone: rounding, to the words of vpmaddwd or to bytes
// with an offset, rotations, and groups of bytes.

func roundWordsAVX2(dst []byte, x []float32, inverse float32, _ byte) {
	whole := len(x) &^ 15
	_ = dst[:2*len(x)]
	if whole > 0 {
		quantiseWords16(&dst[0], &x[0], whole/16, inverse)
	}
	if whole < len(x) {
		var rest [16]float32
		var words [32]byte
		copy(rest[:], x[whole:])
		quantiseWords16(&words[0], &rest[0], 1, inverse)
		copy(dst[2*whole:], words[:2*(len(x)-whole)])
	}
}

func roundBytesAVX2(dst []byte, x []float32, inverse float32, offset byte) {
	whole := len(x) &^ 15
	_ = dst[:len(x)]
	if whole > 0 {
		quantiseBytes16(&dst[0], &x[0], whole/16, inverse, uint32(offset)*0x10001)
	}
	if whole < len(x) {
		var rest [16]float32
		var bytes [16]byte
		copy(rest[:], x[whole:])
		quantiseBytes16(&bytes[0], &rest[0], 1, inverse, uint32(offset)*0x10001)
		copy(dst[whole:], bytes[:len(x)-whole])
	}
}

func rotateAVX2(x, table []float32) {
	half := len(x) / 2
	whole := half &^ 7
	_ = table[:2*half]
	if whole > 0 {
		rotate8(&x[0], &x[half], &table[0], &table[half], whole/8)
	}
	rotateFrom(whole, x, table)
}

func interleaveAVX2(dst []int8, stride int, v []byte, ldv, n int) {
	whole := n &^ 15
	if whole > 0 {
		_, _ = dst[(whole/PanelWidth-1)*stride:][:PanelWidth*GroupDepth], v[3*ldv:][:whole]
		interleave16(&dst[0], stride, &v[0], ldv, whole/16)
	}
	interleaveFrom(whole, dst, stride, v, ldv, n)
}
