package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// layers emits f for each of several independent chains, so that their latencies
// overlap.
func layers(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

// horner multiplies out a polynomial in t, highest coefficient first.
func horner(p, t []VecVirtual, coefficients ...float32) {
	for j, v := range coefficients {
		c := vector(v)
		switch j {
		case 0:
			layers(len(p), func(i int) { VMULPS(c, t[i], p[i]) })
		default:
			layers(len(p), func(i int) { VADDPS(c, p[i], p[i]) })
			if j+1 < len(coefficients) {
				layers(len(p), func(i int) { VMULPS(t[i], p[i], p[i]) })
			}
		}
	}
}

// exp2f emits 2^x, operation by operation what generic.go's exp2f does, with x
// already in range above. The order of operands of max lets a NaN through.
func exp2f(x, p []VecVirtual) {
	n := zmms(len(x))
	low, round := vector(-64), vector(12582912)
	layers(len(x), func(i int) { VMAXPS(x[i], low, x[i]) })
	layers(len(x), func(i int) { VADDPS(round, x[i], n[i]) })
	layers(len(x), func(i int) { VSUBPS(round, n[i], n[i]) })
	layers(len(x), func(i int) { VSUBPS(n[i], x[i], x[i]) })
	horner(p, x, 9.582855177e-3, 5.590643755e-2, 2.402409852e-1, 6.931241919e-1, 1)
	layers(len(x), func(i int) { VSCALEFPS(n[i], p[i], p[i]) })
}

// activation emits a function that replaces n values by f, and one that multiplies
// f of the even panels with the odd ones.
func activation(name string, unroll int, f func(v []VecVirtual)) {
	begin(name+"512", "func(x *float32, n int)", "replaces n values by the activation.")
	x, n := load("x"), load("n")
	walk("values", n, []int{unroll, 1}, func(u int, masked bool) {
		v := zmms(u)
		layers(u, func(i int) { fetch(Mem{Base: x, Disp: 64 * i}, v[i], masked) })
		f(v)
		layers(u, func(i int) { put(v[i], Mem{Base: x, Disp: 64 * i}, masked) })
	}, func(values int) { ADDQ(U32(4*values), x) })
	end()

	begin(name+"Gated512", "func(dst, x *float32, n int)", "writes n products of the activation of x's even panels and of its odd ones.")
	dst, x, n := load("dst"), load("x"), load("n")
	walk("values", n, []int{2, 1}, func(u int, masked bool) {
		v := zmms(u)
		layers(u, func(i int) { fetch(Mem{Base: x, Disp: 128 * i}, v[i], masked) })
		f(v)
		layers(u, func(i int) {
			t := ZMM()
			fetch(Mem{Base: x, Disp: 128*i + 64}, t, masked)
			VMULPS(t, v[i], v[i])
			put(v[i], Mem{Base: dst, Disp: 64 * i}, masked)
		})
	}, func(values int) {
		ADDQ(U32(8*values), x)
		ADDQ(U32(4*values), dst)
	})
	end()
}

// gelu emits v*(1/2+u*P(u^2)), u being v within the ends.
func gelu(v []VecVirtual) {
	t, p := zmms(len(v)), zmms(len(v))
	low, high := vector(-4.24609375), vector(4.24609375)
	layers(len(v), func(i int) { VMAXPS(v[i], low, v[i]) })
	layers(len(v), func(i int) { VMINPS(v[i], high, t[i]) })
	layers(len(v), func(i int) { VMULPS(t[i], t[i], t[i]) })
	horner(p, t, -8.460330172e-10, 7.570776653e-08, -2.938786329e-06, 6.552685438e-05, -9.404456717e-04, 9.257815040e-03, -6.545348366e-02, 3.984200326e-01)
	layers(len(v), func(i int) { VMINPS(v[i], high, t[i]) }) // again, for want of registers
	layers(len(v), func(i int) { VMULPS(t[i], p[i], p[i]) })
	half := vector(0.5)
	layers(len(v), func(i int) { VADDPS(half, p[i], p[i]) })
	layers(len(v), func(i int) { VMULPS(p[i], v[i], v[i]) })
}

// silu emits v/(1+e^-v).
func silu(v []VecVirtual) {
	x, p := zmms(len(v)), zmms(len(v))
	c, high := vector(-math.Log2E), vector(127)
	layers(len(v), func(i int) { VMULPS(c, v[i], x[i]) })
	layers(len(v), func(i int) { VMINPS(x[i], high, x[i]) })
	exp2f(x, p)
	one := vector(1)
	layers(len(v), func(i int) { VADDPS(one, p[i], p[i]) })
	layers(len(v), func(i int) { VDIVPS(p[i], v[i], v[i]) })
}
