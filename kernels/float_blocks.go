//go:build amd64 || arm64

package kernels

// The float32 primitives by assembly that takes whole blocks of 16 values: the rest
// as a block filled up with zeros, or in generic Go, which computes the same bits.

func amaxBlocks(x []float32) uint32 {
	whole, bits := len(x)&^15, uint32(0)
	if whole > 0 {
		bits = amax16(&x[0], whole/16)
	}
	if whole == len(x) {
		return bits
	}
	var rest [16]float32
	copy(rest[:], x[whole:])
	return max(bits, amax16(&rest[0], 1))
}

func dequantBlocks(dst []float32, acc []int32, rowScale float32, colScale, bias, residual []float32) {
	n := len(dst)
	whole := n &^ 15
	_, _ = acc[:n], colScale[:n]
	if whole > 0 {
		dequant16(&dst[0], &acc[0], rowScale, &colScale[0], first(bias, n), first(residual, n), whole/16)
	}
	if whole < n {
		dequantGeneric(dst[whole:], acc[whole:], rowScale, colScale[whole:], after(bias, whole), after(residual, whole))
	}
}

// first is the address of n values, nil for none; after is what follows them.
func first[T any](x []T, n int) *T {
	if x == nil {
		return nil
	}
	return &x[:n][0]
}

func after[T any](x []T, n int) []T {
	if x == nil {
		return nil
	}
	return x[n:]
}

func geluBlocks(x []float32) {
	whole := len(x) &^ 15
	if whole > 0 {
		gelu16(&x[0], whole/16)
	}
	if whole < len(x) {
		var rest [16]float32
		copy(rest[:], x[whole:])
		gelu16(&rest[0], 1)
		copy(x[whole:], rest[:])
	}
}

func siluBlocks(x []float32) {
	whole := len(x) &^ 15
	if whole > 0 {
		silu16(&x[0], whole/16)
	}
	if whole < len(x) {
		var rest [16]float32
		copy(rest[:], x[whole:])
		silu16(&rest[0], 1)
		copy(x[whole:], rest[:])
	}
}

func expBlocks(x []float32, top float32) float32 {
	var part [16]float32
	whole := len(x) &^ 15
	if whole > 0 {
		exp16(&x[0], whole/16, top, &part[0])
	}
	if whole < len(x) {
		var rest, sums [16]float32
		copy(rest[:], x[whole:])
		exp16(&rest[0], 1, top, &sums[0])
		for i := range copy(x[whole:], rest[:]) {
			part[i] = float32(part[i] + rest[i])
		}
	}
	return fold(&part)
}

func maximumBlocks(x []float32) float32 {
	whole := len(x) &^ 15
	if whole == 0 {
		return maximumGeneric(x)
	}
	top := maximum16(&x[0], whole/16)
	for _, v := range x[whole:] {
		top = max(top, v)
	}
	return top
}

func multiplyBlocks(x, y []float32) {
	whole := len(x) &^ 15
	_ = y[:len(x)]
	if whole > 0 {
		multiply16(&x[0], &y[0], whole/16)
	}
	multiplyGeneric(x[whole:], y[whole:])
}

func sumBlocks(x []float32) float32 {
	var part [16]float32
	whole := len(x) &^ 15
	if whole > 0 {
		sums16(&x[0], whole/16, &part[0])
	}
	for i, v := range x[whole:] {
		part[i] = float32(part[i] + v)
	}
	return fold(&part)
}

func squaresBlocks(x []float32, shift float32) float32 {
	var part [16]float32
	whole := len(x) &^ 15
	if whole > 0 {
		squares16(&x[0], whole/16, shift, &part[0])
	}
	for i, v := range x[whole:] {
		v = float32(v - shift)
		part[i] = float32(part[i] + float32(v*v))
	}
	return fold(&part)
}

func normaliseBlocks(dst, x, gamma, beta []float32, mean, inverse float32) {
	n := len(x)
	whole := n &^ 15
	_, _ = dst[:n], gamma[:n]
	if whole > 0 {
		normalise16(&dst[0], &x[0], &gamma[0], first(beta, n), whole/16, mean, inverse)
	}
	normaliseGeneric(dst[whole:], x[whole:], gamma[whole:], after(beta, whole), mean, inverse)
}

func gatherBlocks(dst []float32, row []int8, scale float32, add bool) {
	whole, adds := len(row)&^15, uint32(0)
	if add {
		adds = 1
	}
	_ = dst[:len(row)]
	if whole > 0 {
		gather16(&dst[0], &row[0], whole/16, scale, adds)
	}
	gatherGeneric(dst[whole:], row[whole:], scale, add)
}
