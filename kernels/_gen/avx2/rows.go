package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// constant is a vector of eight times v in read-only memory.
func constant(v float32) Mem { return bits(math.Float32bits(v)) }

var constants = map[uint32]Mem{}

func bits(v uint32) Mem {
	if m, ok := constants[v]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("vector%08x", v), RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(v))
	}
	constants[v] = m
	return m
}

// move is how far a pointer goes on after a block of values.
type move struct {
	pointer Register
	bytes   int
}

// blocks emits body for every 16 values; body steps the given pointers by 64 bytes
// (or what it says) itself.
func blocks(pointers []move, body func()) {
	n := Load(Param("blocks"), GP64())
	Label("block")
	body()
	for _, m := range pointers {
		ADDQ(Imm(uint64(m.bytes)), m.pointer)
	}
	DECQ(n)
	JNZ(LabelRef("block"))
}

func amax() {
	TEXT("amax16", NOSPLIT, "func(x *float32, blocks int) (bits uint32)")
	Doc("amax16 is the largest magnitude of 16*blocks values, as bits.")
	Pragma("noescape")
	x, mask, m, v := Load(Param("x"), GP64()), YMM(), YMM(), YMM()
	VMOVDQU(bits(0x7fffffff), mask)
	VPXOR(m, m, m)
	blocks([]move{{x, 64}}, func() {
		for half := range 2 {
			VPAND(Mem{Base: x, Disp: 32 * half}, mask, v)
			VPMAXUD(v, m, m)
		}
	})
	low, high, r := m.AsX(), v.AsX(), GP32()
	VEXTRACTI128(Imm(1), m, high)
	VPMAXUD(high, low, low)
	for _, order := range []uint64{0x4e, 0xb1} {
		VPSHUFD(Imm(order), low, high)
		VPMAXUD(high, low, low)
	}
	VMOVD(low, r)
	VZEROUPPER()
	Store(r, ReturnIndex(0))
	RET()
}

// quantise rounds to nearest even, as words or as bytes with an offset.
func quantise(bytes bool) {
	step := 32
	if bytes {
		TEXT("quantiseBytes16", NOSPLIT, "func(dst *byte, x *float32, blocks int, inverse float32, offset uint32)")
		Doc("quantiseBytes16 writes 16*blocks bytes round(x*inverse)+offset; offset is given twice, as two words.")
		step = 16
	} else {
		TEXT("quantiseWords16", NOSPLIT, "func(dst *byte, x *float32, blocks int, inverse float32)")
		Doc("quantiseWords16 writes 16*blocks int16 round(x*inverse).")
	}
	Pragma("noescape")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	inverse, a, b, offset := YMM(), YMM(), YMM(), YMM()
	VBROADCASTSS(param("inverse"), inverse)
	if bytes {
		VBROADCASTSS(param("offset"), offset)
	}
	blocks([]move{{x, 64}, {dst, step}}, func() {
		VMULPS(Mem{Base: x}, inverse, a)
		VMULPS(Mem{Base: x, Disp: 32}, inverse, b)
		VCVTPS2DQ(a, a)
		VCVTPS2DQ(b, b)
		VPACKSSDW(b, a, a)
		VPERMQ(Imm(0xd8), a, a)
		if !bytes {
			VMOVDQU(a, Mem{Base: dst})
			return
		}
		// Bytes are cut from the words: with an offset they are unsigned,
		// without one never negative or meant as int8.
		VPADDW(offset, a, a)
		VPAND(bits(0x00ff00ff), a, a)
		VEXTRACTI128(Imm(1), a, b.AsX())
		VPACKUSWB(b.AsX(), a.AsX(), a.AsX())
		VMOVDQU(a.AsX(), Mem{Base: dst})
	})
	VZEROUPPER()
	RET()
}

// param is a parameter in memory, for broadcasting.
func param(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

func dequant() {
	TEXT("dequant16", NOSPLIT, "func(dst *float32, acc *int32, rowScale float32, colScale, bias, residual *float32, blocks int)")
	Doc("dequant16 computes acc*(rowScale*colScale)+bias+residual for 16*blocks values; bias and residual may be nil.")
	Pragma("noescape")
	dst, acc := Load(Param("dst"), GP64()), Load(Param("acc"), GP64())
	scale, bias, residual := Load(Param("colScale"), GP64()), Load(Param("bias"), GP64()), Load(Param("residual"), GP64())
	rowScale, at := YMM(), GP64()
	VBROADCASTSS(param("rowScale"), rowScale)
	XORQ(at, at)
	v, s := [2]VecVirtual{YMM(), YMM()}, [2]VecVirtual{YMM(), YMM()}
	blocks([]move{{at, 64}}, func() {
		mem := func(base Register, half int) Mem { return Mem{Base: base, Index: at, Scale: 1, Disp: 32 * half} }
		for h := range 2 {
			VCVTDQ2PS(mem(acc, h), v[h])
			VMULPS(mem(scale, h), rowScale, s[h])
			VMULPS(s[h], v[h], v[h])
		}
		for i, p := range []Register{bias, residual} {
			none := fmt.Sprintf("none%d", i)
			TESTQ(p, p)
			JZ(LabelRef(none))
			for h := range 2 {
				VADDPS(mem(p, h), v[h], v[h])
			}
			Label(none)
		}
		for h := range 2 {
			VMOVUPS(v[h], mem(dst, h))
		}
	})
	VZEROUPPER()
	RET()
}

func normalise() {
	TEXT("normalise16", NOSPLIT, "func(dst, x, gamma, beta *float32, blocks int, mean, inverse float32)")
	Doc("normalise16 computes (x-mean)*inverse*gamma+beta for 16*blocks values; beta may be nil.")
	Pragma("noescape")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	gamma, beta, at := Load(Param("gamma"), GP64()), Load(Param("beta"), GP64()), GP64()
	mean, inverse := YMM(), YMM()
	VBROADCASTSS(param("mean"), mean)
	VBROADCASTSS(param("inverse"), inverse)
	XORQ(at, at)
	v := [2]VecVirtual{YMM(), YMM()}
	blocks([]move{{at, 64}}, func() {
		mem := func(base Register, half int) Mem { return Mem{Base: base, Index: at, Scale: 1, Disp: 32 * half} }
		for h := range 2 {
			VMOVUPS(mem(x, h), v[h])
			VSUBPS(mean, v[h], v[h])
			VMULPS(inverse, v[h], v[h])
			VMULPS(mem(gamma, h), v[h], v[h])
		}
		TESTQ(beta, beta)
		JZ(LabelRef("none"))
		for h := range 2 {
			VADDPS(mem(beta, h), v[h], v[h])
		}
		Label("none")
		for h := range 2 {
			VMOVUPS(v[h], mem(dst, h))
		}
	})
	VZEROUPPER()
	RET()
}

func sums(squares bool) {
	if squares {
		TEXT("squares16", NOSPLIT, "func(x *float32, blocks int, shift float32, part *float32)")
		Doc("squares16 writes 16 partial sums of (x-shift)^2 over 16*blocks values.")
	} else {
		TEXT("sums16", NOSPLIT, "func(x *float32, blocks int, part *float32)")
		Doc("sums16 writes 16 partial sums over 16*blocks values.")
	}
	Pragma("noescape")
	x, part := Load(Param("x"), GP64()), Load(Param("part"), GP64())
	shift, v := YMM(), YMM()
	if squares {
		VBROADCASTSS(param("shift"), shift)
	}
	s := [2]VecVirtual{YMM(), YMM()}
	for h := range s {
		VXORPS(s[h], s[h], s[h])
	}
	blocks([]move{{x, 64}}, func() {
		for h := range 2 {
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			if squares {
				VSUBPS(shift, v, v)
				VMULPS(v, v, v)
			}
			VADDPS(v, s[h], s[h])
		}
	})
	for h := range s {
		VMOVUPS(s[h], Mem{Base: part, Disp: 32 * h})
	}
	VZEROUPPER()
	RET()
}

func maximum() {
	TEXT("maximum16", NOSPLIT, "func(x *float32, blocks int) float32")
	Doc("maximum16 is the largest of 16*blocks values.")
	Pragma("noescape")
	x, m, v := Load(Param("x"), GP64()), YMM(), YMM()
	VBROADCASTSS(Mem{Base: x}, m)
	blocks([]move{{x, 64}}, func() {
		VMAXPS(Mem{Base: x}, m, m)
		VMAXPS(Mem{Base: x, Disp: 32}, m, m)
	})
	low, high := m.AsX(), v.AsX()
	VEXTRACTF128(Imm(1), m, high)
	VMAXPS(high, low, low)
	for _, order := range []uint64{0x4e, 0xb1} {
		VPSHUFD(Imm(order), low, high)
		VMAXPS(high, low, low)
	}
	Store(low, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func multiply() {
	TEXT("multiply16", NOSPLIT, "func(x, y *float32, blocks int)")
	Doc("multiply16 replaces 16*blocks values x by x*y.")
	Pragma("noescape")
	x, y, v := Load(Param("x"), GP64()), Load(Param("y"), GP64()), YMM()
	blocks([]move{{x, 64}, {y, 64}}, func() {
		for h := range 2 {
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			VMULPS(Mem{Base: y, Disp: 32 * h}, v, v)
			VMOVUPS(v, Mem{Base: x, Disp: 32 * h})
		}
	})
	VZEROUPPER()
	RET()
}

func gather() {
	TEXT("gather16", NOSPLIT, "func(dst *float32, row *int8, blocks int, scale float32, add uint32)")
	Doc("gather16 writes 16*blocks values row*scale, or adds them where add is not 0.")
	Pragma("noescape")
	dst, row, scale, add := Load(Param("dst"), GP64()), Load(Param("row"), GP64()), YMM(), Load(Param("add"), GP32())
	VBROADCASTSS(param("scale"), scale)
	v := [2]VecVirtual{YMM(), YMM()}
	blocks([]move{{dst, 64}, {row, 16}}, func() {
		for h := range 2 {
			VPMOVSXBD(Mem{Base: row, Disp: 8 * h}, v[h])
			VCVTDQ2PS(v[h], v[h])
			VMULPS(scale, v[h], v[h])
		}
		TESTL(add, add)
		JZ(LabelRef("write"))
		for h := range 2 {
			VADDPS(Mem{Base: dst, Disp: 32 * h}, v[h], v[h])
		}
		Label("write")
		for h := range 2 {
			VMOVUPS(v[h], Mem{Base: dst, Disp: 32 * h})
		}
	})
	VZEROUPPER()
	RET()
}

func rotate() {
	TEXT("rotate8", NOSPLIT, "func(low, high, cos, sin *float32, blocks int)")
	Doc("rotate8 rotates 8*blocks pairs (low, high).")
	Pragma("noescape")
	low, high, cos, sin := Load(Param("low"), GP64()), Load(Param("high"), GP64()), Load(Param("cos"), GP64()), Load(Param("sin"), GP64())
	a, b, c, s, t := YMM(), YMM(), YMM(), YMM(), YMM()
	blocks([]move{{low, 32}, {high, 32}, {cos, 32}, {sin, 32}}, func() {
		for _, v := range []struct {
			from Register
			to   VecVirtual
		}{{low, a}, {high, b}, {cos, c}, {sin, s}} {
			VMOVUPS(Mem{Base: v.from}, v.to)
		}
		VMULPS(c, a, t)
		VMULPS(s, a, a)
		VMULPS(s, b, s)
		VMULPS(c, b, b)
		VSUBPS(s, t, t)
		VADDPS(b, a, a)
		VMOVUPS(t, Mem{Base: low})
		VMOVUPS(a, Mem{Base: high})
	})
	VZEROUPPER()
	RET()
}

// interleave turns four rows of sixteen bytes into the groups of a panel.
func interleave() {
	TEXT("interleave16", NOSPLIT, "func(dst *int8, stride int, v *byte, ldv int, blocks int)")
	Doc("interleave16 writes 16*blocks columns of four rows of bytes as groups, a panel every stride bytes.")
	Pragma("noescape")
	dst, stride, v, ldv := Load(Param("dst"), GP64()), Load(Param("stride"), GP64()), Load(Param("v"), GP64()), Load(Param("ldv"), GP64())
	triple := GP64()
	LEAQ(Mem{Base: ldv, Index: ldv, Scale: 2}, triple)
	a, b, c, d, t := XMM(), XMM(), XMM(), XMM(), XMM()
	blocks([]move{{v, 16}}, func() {
		VMOVDQU(Mem{Base: v}, a)
		VMOVDQU(Mem{Base: v, Index: ldv, Scale: 1}, b)
		VMOVDQU(Mem{Base: v, Index: ldv, Scale: 2}, c)
		VMOVDQU(Mem{Base: v, Index: triple, Scale: 1}, d)
		VPUNPCKHBW(b, a, t)
		VPUNPCKLBW(b, a, a)
		VPUNPCKHBW(d, c, b)
		VPUNPCKLBW(d, c, c)
		VPUNPCKLWD(c, a, d)
		VPUNPCKHWD(c, a, a)
		VPUNPCKLWD(b, t, c)
		VPUNPCKHWD(b, t, t)
		for i, x := range []VecVirtual{d, a, c, t} {
			VMOVDQU(x, Mem{Base: dst, Disp: 16 * i})
		}
		ADDQ(stride, dst)
	})
	RET()
}
