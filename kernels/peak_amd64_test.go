package kernels

// peakKernel executes a level's multiply-adds; ops counts those of a round, two for
// each product.
func peakKernel(level Level) (run func(rounds int), ops int) {
	switch level {
	case AVX2:
		return peakAVX2, 12 * 16 * 2
	case AVX512VNNI:
		return peakVNNI, 24 * 64 * 2
	}
	return nil, 0
}
