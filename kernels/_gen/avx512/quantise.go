package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tiny is the bits of quantise.go's constant.
var tiny = math.Float32bits(1e-30)

const infinity = 0x7f800000

// packOrder undoes the interleaving of two levels of packs.
var packOrder Mem

func packTable() {
	packOrder = GLOBL("packOrder", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(i%4*4+i/4)))
	}
}

// quantise emits the rows of int8 or, with an offset, of uint8.
func quantise() {
	begin("quantise512", "func(dst *byte, ldq int, x *float32, ldx int, rows int, k int, scale *float32, offset uint32)",
		"writes rows rows of k bytes round(x*127/amax)^offset, padded to whole groups, and their scales; offset is given four times, as bytes.")
	dst, ldq, x, ldx := load("dst"), load("ldq"), load("x"), bytes4(load("ldx"))
	rows, scale := load("rows"), load("scale")
	offset, magnitude, top, order := ZMM(), ZMM(), ZMM(), ZMM()
	VBROADCASTSS(param("offset"), offset)
	VPBROADCASTD(bits(0x7fffffff), magnitude)
	VBROADCASTSS(bits(math.Float32bits(127)), top.AsX())
	VMOVDQU32(packOrder, order)
	CMPQ(param("k"), Imm(32))
	JLE(LabelRef("narrow"))
	Label("row")
	p, n := GP64(), load("k")
	MOVQ(x, p)
	m := []VecVirtual{zero(), zero()}
	walk("amax", n, []int{4, 1}, func(u int, masked bool) {
		for i := range u {
			t := ZMM()
			if masked {
				VMOVDQU32_Z(Mem{Base: p}, K1, t)
				VPANDD(magnitude, t, t)
			} else {
				VPANDD(Mem{Base: p, Disp: 64 * i}, magnitude, t)
			}
			VPMAXUD(t, m[i%2], m[i%2])
		}
	}, func(values int) { ADDQ(U32(4*values), p) })
	VPMAXUD(m[1], m[0], m[0])
	halve(m[0], VPMAXUD)
	inverse := scales(m[0], scale, top)
	q := GP64()
	MOVQ(x, p)
	MOVQ(dst, q)
	n = load("k")
	pack("round", p, q, n, inverse, offset, order)
	next := func() {
		ADDQ(ldx, x)
		ADDQ(ldq, dst)
		ADDQ(Imm(4), scale)
		DECQ(rows)
		JNZ(LabelRef("row"))
	}
	next()
	end()
	narrow(dst, ldq, x, ldx, rows, scale, offset, magnitude, top)

	// Rows without values, or with one that is no number.
	bad := GP32()
	Label("NaN")
	MOVL(U32(0x7fc00000), bad)
	JMP(LabelRef("fill"))
	Label("zero")
	XORL(bad, bad)
	Label("fill")
	MOVL(bad, Mem{Base: scale})
	q = GP64()
	MOVQ(dst, q)
	n = load("k")
	ADDQ(Imm(3), n)
	ANDQ(I32(-4), n)
	walk("fill", n, []int{1}, func(_ int, masked bool) {
		if masked {
			VMOVDQU8(offset.AsX(), K1, Mem{Base: q})
		} else {
			VMOVDQU8(offset.AsX(), Mem{Base: q})
		}
	}, func(values int) { ADDQ(U32(values), q) })
	ADDQ(ldx, x)
	ADDQ(ldq, dst)
	ADDQ(Imm(4), scale)
	DECQ(rows)
	JZ(LabelRef("done"))
	CMPQ(param("k"), Imm(32))
	JLE(LabelRef("narrow"))
	JMP(LabelRef("row"))
	Label("done")
	end()
}

// narrow is quantise for rows of two vectors at most, whose masks are made once.
func narrow(dst, ldq, x, ldx, rows, scale Register, offset, magnitude, top VecVirtual) {
	Label("narrow")
	n, padded := load("k"), GP64()
	LEAQ(Mem{Base: n, Disp: 3}, padded)
	ANDQ(I32(-4), padded)
	maskOf(n, K1) // bits from 16 on are of the second vector
	KSHIFTRQ(Imm(16), K1, K2)
	maskOf(padded, K3)
	Label("narrowRow")
	a, m := zmms(2), zmms(2)
	for i, k := range []Register{K1, K2} {
		VMOVDQU32_Z(Mem{Base: x, Disp: 64 * i}, k, a[i])
		VPANDD(magnitude, a[i], m[i])
	}
	VPMAXUD(m[1], m[0], m[0])
	halve(m[0], VPMAXUD)
	inverse := scales(m[0], scale, top)
	for i := range a {
		VMULPS(inverse, a[i], a[i])
		VCVTPS2DQ(a[i], a[i])
		VPMOVDB(a[i], a[i].AsX())
	}
	VINSERTI32X4(Imm(1), a[1].AsX(), a[0].AsY(), a[0].AsY())
	VPXORD(offset.AsY(), a[0].AsY(), a[0].AsY())
	VMOVDQU8(a[0].AsY(), K3, Mem{Base: dst})
	ADDQ(ldx, x)
	ADDQ(ldq, dst)
	ADDQ(Imm(4), scale)
	DECQ(rows)
	JNZ(LabelRef("narrowRow"))
	end()
}

// scales stores amax/127 where scale points and returns a vector of 127/amax. It
// jumps to NaN or zero where quantise.go's scales says so.
func scales(amax VecVirtual, scale Register, top VecVirtual) VecVirtual {
	r, s, inverse := GP32(), XMM(), ZMM()
	VMOVD(amax.AsX(), r)
	CMPL(r, U32(infinity))
	JAE(LabelRef("NaN"))
	CMPL(r, U32(tiny))
	JB(LabelRef("zero"))
	VDIVSS(top.AsX(), amax.AsX(), s)
	VMOVSS(s, Mem{Base: scale})
	VDIVSS(amax.AsX(), top.AsX(), s)
	VBROADCASTSS(s, inverse)
	return inverse
}

// pack emits q = bytes of round(p*inverse)^offset for n values, the last group
// filled up. p and q are moved on and n is used up.
func pack(label string, p, q, n Register, inverse, offset, order VecVirtual) {
	a := zmms(4)
	walk(label, n, []int{4, 1}, func(u int, masked bool) {
		for i := range u {
			fetch(Mem{Base: p, Disp: 64 * i}, a[i], masked)
			VMULPS(inverse, a[i], a[i])
			VCVTPS2DQ(a[i], a[i])
		}
		if u == 4 {
			VPACKSSDW(a[1], a[0], a[0])
			VPACKSSDW(a[3], a[2], a[2])
			VPACKSSWB(a[2], a[0], a[0])
			VPERMD(a[0], order, a[0])
			VPXORD(offset, a[0], a[0])
			VMOVDQU32(a[0], Mem{Base: q})
			return
		}
		VPMOVDB(a[0], a[1].AsX())
		VPXORD(offset.AsX(), a[1].AsX(), a[1].AsX())
		if masked {
			ADDQ(Imm(3), n)
			ANDQ(I32(-4), n)
			maskOf(n, K2)
			VMOVDQU8(a[1].AsX(), K2, Mem{Base: q})
		} else {
			VMOVDQU8(a[1].AsX(), Mem{Base: q})
		}
	}, func(values int) {
		ADDQ(U32(4*values), p)
		ADDQ(U32(values), q)
	})
}
