package kernels

// The float32 primitives in NEON: whole blocks of 16 values in assembly, the rest in
// generic Go, which computes the same bits.

//go:noescape
func amax16(x *float32, blocks int) (bits uint32)

//go:noescape
func quantise16(dst *byte, x *float32, blocks int, inverse float32)

//go:noescape
func dequant16(dst *float32, acc *int32, rowScale float32, colScale, bias, residual *float32, blocks int)

//go:noescape
func gelu16(x *float32, blocks int)

//go:noescape
func silu16(x *float32, blocks int)

//go:noescape
func exp16(x *float32, blocks int, top float32, part *float32)

//go:noescape
func maximum16(x *float32, blocks int) float32

//go:noescape
func multiply16(x, y *float32, blocks int)

//go:noescape
func sums16(x *float32, blocks int, part *float32)

//go:noescape
func squares16(x *float32, blocks int, shift float32, part *float32)

//go:noescape
func normalise16(dst, x, gamma, beta *float32, blocks int, mean, inverse float32)

//go:noescape
func gather16(dst *float32, row *int8, blocks int, scale float32, add uint32)

//go:noescape
func rotate4(low, high, cos, sin *float32, blocks int)

func amaxNEON(x []float32) uint32 {
	whole, bits := len(x)&^15, uint32(0)
	if whole > 0 {
		bits = amax16(&x[0], whole/16)
	}
	return max(bits, amaxGeneric(x[whole:]))
}

func roundNEON(dst []byte, x []float32, inverse float32, _ byte) {
	whole := len(x) &^ 15
	_ = dst[:len(x)]
	if whole > 0 {
		quantise16(&dst[0], &x[0], whole/16, inverse)
	}
	roundGeneric(dst[whole:], x[whole:], inverse, 0)
}

func dequantNEON(dst []float32, acc []int32, rowScale float32, colScale, bias, residual []float32) {
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
func first(x []float32, n int) *float32 {
	if x == nil {
		return nil
	}
	return &x[:n][0]
}

func after(x []float32, n int) []float32 {
	if x == nil {
		return nil
	}
	return x[n:]
}

func geluNEON(x []float32) {
	whole := len(x) &^ 15
	if whole > 0 {
		gelu16(&x[0], whole/16)
	}
	geluGeneric(x[whole:])
}

func siluNEON(x []float32) {
	whole := len(x) &^ 15
	if whole > 0 {
		silu16(&x[0], whole/16)
	}
	siluGeneric(x[whole:])
}

func expNEON(x []float32, top float32) float32 {
	var part [16]float32
	whole := len(x) &^ 15
	if whole > 0 {
		exp16(&x[0], whole/16, top, &part[0])
	}
	for i, v := range x[whole:] {
		e := exp2f(float32(v - top))
		x[whole+i] = e
		part[i] = float32(part[i] + e)
	}
	return fold(&part)
}

func maximumNEON(x []float32) float32 {
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

func multiplyNEON(x, y []float32) {
	whole := len(x) &^ 15
	_ = y[:len(x)]
	if whole > 0 {
		multiply16(&x[0], &y[0], whole/16)
	}
	multiplyGeneric(x[whole:], y[whole:])
}

func sumNEON(x []float32) float32 {
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

func squaresNEON(x []float32, shift float32) float32 {
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

func normaliseNEON(dst, x, gamma, beta []float32, mean, inverse float32) {
	n := len(x)
	whole := n &^ 15
	_, _ = dst[:n], gamma[:n]
	if whole > 0 {
		normalise16(&dst[0], &x[0], &gamma[0], first(beta, n), whole/16, mean, inverse)
	}
	normaliseGeneric(dst[whole:], x[whole:], gamma[whole:], after(beta, whole), mean, inverse)
}

func gatherNEON(dst []float32, row []int8, scale float32, add bool) {
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

func rotateNEON(x, table []float32) {
	half := len(x) / 2
	whole := half &^ 3
	_ = table[:2*half]
	if whole > 0 {
		rotate4(&x[0], &x[half], &table[0], &table[half], whole/4)
	}
	for i := whole; i < half; i++ {
		cos, sin := table[i], table[half+i]
		a, b := x[i], x[i+half]
		x[i] = float32(a*cos) - float32(b*sin)
		x[i+half] = float32(a*sin) + float32(b*cos)
	}
}
