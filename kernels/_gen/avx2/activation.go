package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// exp2f emits 2^x, operation by operation what generic.go's exp2f does. The order
// of operands of min and max lets a NaN through.
func exp2f(x VecVirtual) VecVirtual {
	z, f, p := YMM(), YMM(), YMM()
	VMOVUPS(constant(-64), f)
	VMAXPS(x, f, x)
	VMOVUPS(constant(127), f)
	VMINPS(x, f, x)
	VADDPS(constant(12582912), x, z)
	VSUBPS(constant(12582912), z, f)
	VSUBPS(f, x, f)
	VMULPS(constant(9.582855177e-3), f, p)
	for i, c := range []float32{5.590643755e-2, 2.402409852e-1, 6.931241919e-1, 1} {
		if i > 0 {
			VMULPS(f, p, p)
		}
		VADDPS(constant(c), p, p)
	}
	VPSLLD(Imm(23), z, z)
	VPADDD(bits(127<<23), z, z)
	VMULPS(z, p, p)
	return p
}

// activation emits a function that replaces 16*blocks values.
func activation(name string, f func(v VecVirtual) VecVirtual) {
	TEXT(name, NOSPLIT, "func(x *float32, blocks int)")
	Doc(name + " replaces 16*blocks values by the activation.")
	Pragma("noescape")
	x := Load(Param("x"), GP64())
	blocks([]move{{x, 64}}, func() {
		for h := range 2 {
			v := YMM()
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			VMOVUPS(f(v), Mem{Base: x, Disp: 32 * h})
		}
	})
	VZEROUPPER()
	RET()
}

// gelu emits v*(1/2+u*P(u^2)), u being v within the ends.
func gelu(v VecVirtual) VecVirtual {
	u, t, p := YMM(), YMM(), YMM()
	VMOVUPS(constant(-4.24609375), t)
	VMAXPS(v, t, v)
	VMOVUPS(constant(4.24609375), t)
	VMINPS(v, t, u)
	VMULPS(u, u, t)
	VMULPS(constant(-8.460330172e-10), t, p)
	for i, c := range []float32{7.570776653e-08, -2.938786329e-06, 6.552685438e-05, -9.404456717e-04, 9.257815040e-03, -6.545348366e-02, 3.984200326e-01} {
		if i > 0 {
			VMULPS(t, p, p)
		}
		VADDPS(constant(c), p, p)
	}
	VMULPS(u, p, p)
	VADDPS(constant(0.5), p, p)
	VMULPS(p, v, p)
	return p
}

// silu emits v/(1+e^-v).
func silu(v VecVirtual) VecVirtual {
	u := YMM()
	VMULPS(constant(-math.Log2E), v, u)
	e, r := exp2f(u), YMM()
	VADDPS(constant(1), e, e)
	VDIVPS(e, v, r)
	return r
}

func exponential() {
	TEXT("exp16", NOSPLIT, "func(x *float32, blocks int, top float32, part *float32)")
	Doc("exp16 replaces 16*blocks values x by 2^(x-top) and writes 16 partial sums.")
	Pragma("noescape")
	x, part, top := Load(Param("x"), GP64()), Load(Param("part"), GP64()), YMM()
	VBROADCASTSS(param("top"), top)
	s := [2]VecVirtual{YMM(), YMM()}
	for h := range s {
		VXORPS(s[h], s[h], s[h])
	}
	blocks([]move{{x, 64}}, func() {
		for h := range 2 {
			v := YMM()
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			VSUBPS(top, v, v)
			e := exp2f(v)
			VADDPS(e, s[h], s[h])
			VMOVUPS(e, Mem{Base: x, Disp: 32 * h})
		}
	})
	for h := range s {
		VMOVUPS(s[h], Mem{Base: part, Disp: 32 * h})
	}
	VZEROUPPER()
	RET()
}
