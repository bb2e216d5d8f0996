package main

import (
	"fmt"
	"math"
)

// The row operations take 16 values a step, in V0 to V3, and compute what generic.go
// computes, operation by operation: nothing is fused.

// four calls body for each register of a step.
func four(body func(v int)) {
	for v := range 4 {
		body(v)
	}
}

// constant fills register v with c.
func (f *file) constant(v int, c float32) { f.bits(v, math.Float32bits(c)) }

func (f *file) bits(v int, bits uint32) {
	f.op("MOVD $0x%08x, R9", bits)
	f.op("VDUP R9, V%d.S4", v)
}

// argument fills register v with a float32 argument.
func (f *file) argument(v int, name string, offset int) {
	f.op("MOVWU %s+%d(FP), R9", name, offset)
	f.op("VDUP R9, V%d.S4", v)
}

func quad(v int) string {
	return fmt.Sprintf("[V%d.S4, V%d.S4, V%d.S4, V%d.S4]", v, v+1, v+2, v+3)
}

// loop emits body once for each of R-counter steps.
func (f *file) loop(counter string, body func()) {
	f.line("\nloop:")
	body()
	f.op("SUBS $1, %s, %s", counter, counter)
	f.op("BNE loop")
}

func rows(f *file) {
	activation(f, "gelu16", geluConstants, gelu)
	activation(f, "silu16", siluConstants, silu)
	exponential(f)
	maximum(f)
	multiply(f)
	sums(f, false)
	sums(f, true)
	normalise(f)
	gather(f)
	rotate(f)
}

func activation(f *file, name string, constants, body func(*file)) {
	f.text("(x *float32, blocks int)", name, 16)
	f.op("MOVD x+0(FP), R0")
	f.op("MOVD blocks+8(FP), R1")
	constants(f)
	f.loop("R1", func() {
		f.op("VLD1 (R0), %s", quad(0))
		body(f)
		f.op("VST1.P %s, 64(R0)", quad(0))
	})
	f.op("RET")
}

// geluTerms and geluEnd are generic.go's.
var geluTerms = []float32{-8.460330172e-10, 7.570776653e-08, -2.938786329e-06, 6.552685438e-05, -9.404456717e-04, 9.257815040e-03, -6.545348366e-02, 3.984200326e-01}

const geluEnd = 4.24609375

func geluConstants(f *file) {
	for i, c := range geluTerms {
		f.constant(16+i, c)
	}
	f.constant(24, -geluEnd)
	f.constant(25, geluEnd)
	f.constant(26, 0.5)
}

func gelu(f *file) {
	four(func(v int) {
		u, t, p := 4+v, 8+v, 12+v
		f.binary("fmax", v, v, 24)
		f.binary("fmin", u, v, 25)
		f.binary("fmul", t, u, u)
		f.binary("fmul", p, 16, t)
		for i := 1; i < len(geluTerms); i++ {
			if i > 1 {
				f.binary("fmul", p, p, t)
			}
			f.binary("fadd", p, p, 16+i)
		}
		f.binary("fmul", p, p, u)
		f.binary("fadd", p, p, 26)
		f.binary("fmul", v, v, p)
	})
}

// exp2 replaces the values in x by two to their power, as exp2f does; its constants
// are V16 to V24, z and p are its working registers.
func (f *file) exp2(x, z, p int) {
	f.binary("fmax", x, x, 16)
	f.binary("fmin", x, x, 17)
	f.binary("fadd", z, x, 18)
	f.binary("fsub", p, z, 18)
	f.binary("fsub", x, x, p)
	f.binary("fmul", p, 19, x)
	for i := range 4 {
		if i > 0 {
			f.binary("fmul", p, p, x)
		}
		f.binary("fadd", p, p, 20+i)
	}
	f.op("VSHL $23, V%d.S4, V%d.S4", z, z)
	f.op("VADD V24.S4, V%d.S4, V%d.S4", z, z)
	f.binary("fmul", x, p, z)
}

func (f *file) exp2Constants() {
	for i, c := range []float32{-64, 127, 1.5 * (1 << 23), 9.582855177e-3, 5.590643755e-2, 2.402409852e-1, 6.931241919e-1, 1} {
		f.constant(16+i, c)
	}
	f.bits(24, 127<<23)
}

func siluConstants(f *file) {
	f.exp2Constants()
	f.constant(25, -math.Log2E)
}

func silu(f *file) {
	four(func(v int) {
		f.binary("fmul", 4+v, v, 25)
		f.exp2(4+v, 8+v, 12+v)
		f.binary("fadd", 4+v, 23, 4+v)
		f.binary("fdiv", v, v, 4+v)
	})
}

func exponential(f *file) {
	f.text("(x *float32, blocks int, top float32, part *float32)", "exp16", 32)
	f.op("MOVD x+0(FP), R0")
	f.op("MOVD blocks+8(FP), R1")
	f.op("MOVD part+24(FP), R2")
	f.exp2Constants()
	f.argument(25, "top", 16)
	four(func(v int) { f.op("VEOR V%d.B16, V%d.B16, V%d.B16", 26+v, 26+v, 26+v) })
	f.loop("R1", func() {
		f.op("VLD1 (R0), %s", quad(0))
		four(func(v int) {
			f.binary("fsub", v, v, 25)
			f.exp2(v, 4+v, 8+v)
			f.binary("fadd", 26+v, 26+v, v)
		})
		f.op("VST1.P %s, 64(R0)", quad(0))
	})
	f.op("VST1 %s, (R2)", quad(26))
	f.op("RET")
}

func maximum(f *file) {
	f.text("(x *float32, blocks int) float32", "maximum16", 20)
	f.op("MOVD x+0(FP), R0")
	f.op("MOVD blocks+8(FP), R1")
	f.op("VLD1 (R0), %s", quad(4))
	f.loop("R1", func() {
		f.op("VLD1.P 64(R0), %s", quad(0))
		four(func(v int) { f.binary("fmax", 4+v, 4+v, v) })
	})
	f.binary("fmax", 4, 4, 5)
	f.binary("fmax", 6, 6, 7)
	f.binary("fmax", 4, 4, 6)
	f.word(0x6e30f800|4<<5|4, "fmaxv s4, v4.4s")
	f.op("FMOVS F4, ret+16(FP)")
	f.op("RET")
}

func multiply(f *file) {
	f.text("(x, y *float32, blocks int)", "multiply16", 24)
	f.op("MOVD x+0(FP), R0")
	f.op("MOVD y+8(FP), R2")
	f.op("MOVD blocks+16(FP), R1")
	f.loop("R1", func() {
		f.op("VLD1 (R0), %s", quad(0))
		f.op("VLD1.P 64(R2), %s", quad(4))
		four(func(v int) { f.binary("fmul", v, v, 4+v) })
		f.op("VST1.P %s, 64(R0)", quad(0))
	})
	f.op("RET")
}

func sums(f *file, squares bool) {
	if squares {
		f.text("(x *float32, blocks int, shift float32, part *float32)", "squares16", 32)
		f.op("MOVD part+24(FP), R2")
		f.argument(8, "shift", 16)
	} else {
		f.text("(x *float32, blocks int, part *float32)", "sums16", 24)
		f.op("MOVD part+16(FP), R2")
	}
	f.op("MOVD x+0(FP), R0")
	f.op("MOVD blocks+8(FP), R1")
	four(func(v int) { f.op("VEOR V%d.B16, V%d.B16, V%d.B16", 4+v, 4+v, 4+v) })
	f.loop("R1", func() {
		f.op("VLD1.P 64(R0), %s", quad(0))
		four(func(v int) {
			if squares {
				f.binary("fsub", v, v, 8)
				f.binary("fmul", v, v, v)
			}
			f.binary("fadd", 4+v, 4+v, v)
		})
	})
	f.op("VST1 %s, (R2)", quad(4))
	f.op("RET")
}

func normalise(f *file) {
	f.text("(dst, x, gamma, beta *float32, blocks int, mean, inverse float32)", "normalise16", 48)
	for i, name := range []string{"dst", "x", "gamma", "beta", "blocks"} {
		f.op("MOVD %s+%d(FP), R%d", name, 8*i, i)
	}
	f.argument(16, "mean", 40)
	f.argument(17, "inverse", 44)
	f.loop("R4", func() {
		f.op("VLD1.P 64(R1), %s", quad(0))
		f.op("VLD1.P 64(R2), %s", quad(4))
		four(func(v int) {
			f.binary("fsub", v, v, 16)
			f.binary("fmul", v, v, 17)
			f.binary("fmul", v, v, 4+v)
		})
		f.op("CBZ R3, bare")
		f.op("VLD1.P 64(R3), %s", quad(4))
		four(func(v int) { f.binary("fadd", v, v, 4+v) })
		f.line("\nbare:")
		f.op("VST1.P %s, 64(R0)", quad(0))
	})
	f.op("RET")
}

// gather scales a row of bytes, and adds it where add is not 0.
func gather(f *file) {
	f.text("(dst *float32, row *int8, blocks int, scale float32, add uint32)", "gather16", 32)
	f.op("MOVD dst+0(FP), R0")
	f.op("MOVD row+8(FP), R2")
	f.op("MOVD blocks+16(FP), R1")
	f.argument(16, "scale", 24)
	f.op("MOVWU add+28(FP), R3")
	f.loop("R1", func() {
		f.op("VLD1.P 16(R2), [V4.B16]")
		f.word(0x0f08a400|4<<5|5, "sxtl v5.8h, v4.8b")
		f.word(0x4f08a400|4<<5|6, "sxtl2 v6.8h, v4.16b")
		for half := range 2 {
			f.word(0x0f10a400|(5+half)<<5|2*half, "sxtl v%d.4s, v%d.4h", 2*half, 5+half)
			f.word(0x4f10a400|(5+half)<<5|2*half+1, "sxtl2 v%d.4s, v%d.8h", 2*half+1, 5+half)
		}
		four(func(v int) {
			f.unary("scvtf", v, v)
			f.binary("fmul", v, v, 16)
		})
		f.op("CBZ R3, write")
		f.op("VLD1 (R0), %s", quad(8))
		four(func(v int) { f.binary("fadd", v, 8+v, v) })
		f.line("\nwrite:")
		f.op("VST1.P %s, 64(R0)", quad(0))
	})
	f.op("RET")
}

// rotate turns 4*blocks pairs (low, high) by (cos, sin).
func rotate(f *file) {
	f.text("(low, high, cos, sin *float32, blocks int)", "rotate4", 40)
	for i, name := range []string{"low", "high", "cos", "sin", "blocks"} {
		f.op("MOVD %s+%d(FP), R%d", name, 8*i, i)
	}
	f.loop("R4", func() {
		f.op("VLD1 (R0), [V0.S4]")
		f.op("VLD1 (R1), [V1.S4]")
		f.op("VLD1.P 16(R2), [V2.S4]")
		f.op("VLD1.P 16(R3), [V3.S4]")
		f.binary("fmul", 4, 0, 2)
		f.binary("fmul", 5, 1, 3)
		f.binary("fsub", 4, 4, 5)
		f.binary("fmul", 6, 0, 3)
		f.binary("fmul", 7, 1, 2)
		f.binary("fadd", 6, 6, 7)
		f.op("VST1.P [V4.S4], 16(R0)")
		f.op("VST1.P [V6.S4], 16(R1)")
	})
	f.op("RET")
}
