package kernels

// peakKernel executes a level's multiply-adds; ops counts those of a round, two for
// each product.
func peakKernel(level Level) (run func(rounds int), ops int) {
	switch level {
	case AVX2:
		return peakAVX2, 12 * 16 * 2
	case AVXVNNI:
		return peakAVXVNNI, 12 * 32 * 2
	case AVX512VNNI:
		return peakVNNI, 24 * 64 * 2
	case AMX:
		var config tileConfig
		for tile := range 8 {
			config.rows[tile], config.rowBytes[tile] = 16, 64
		}
		config.palette = 1
		return func(rounds int) { peakAMX(rounds, &config.palette) }, 4 * 16 * 16 * 64 * 2
	}
	return nil, 0
}

// peakFloat is the same of a MatMul.
func peakFloat(level Level) (run func(rounds int), flops int) {
	switch archTile(level).columns {
	case 16:
		return peakFMA256, 12 * 8 * 2
	case 32:
		return peakFMA512, 12 * 16 * 2
	}
	return nil, 0
}
