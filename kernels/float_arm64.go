package kernels

// The assembly that float_blocks.go calls, and what is of NEON alone.

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

func roundNEON(dst []byte, x []float32, inverse float32, _ byte) {
	whole := len(x) &^ 15
	_ = dst[:len(x)]
	if whole > 0 {
		quantise16(&dst[0], &x[0], whole/16, inverse)
	}
	roundGeneric(dst[whole:], x[whole:], inverse, 0)
}

func rotateNEON(x, table []float32) {
	half := len(x) / 2
	whole := half &^ 3
	_ = table[:2*half]
	if whole > 0 {
		rotate4(&x[0], &x[half], &table[0], &table[half], whole/4)
	}
	rotateFrom(whole, x, table)
}
