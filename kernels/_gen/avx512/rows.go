package main

import (
	"fmt"
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
	low, round := vector(-125), vector(12582912)
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

// softmax emits the way from a block of scores to quantised probabilities, in
// three passes over all rows, so that the reductions of one row overlap with the
// arithmetic of the next.
func softmax() {
	begin("softmax512", "func(dst *byte, ldd int, x *float32, ldx int, rows int, n int, grow int, padded int, weight *float32, out *float32, inverse *float32)",
		"turns scores x, n in the first row and grow more in each further, into bytes of 2^(x-max)*weight, zeros up to padded; out is the scale of a row over the sum of its powers. x and inverse are overwritten.")
	ldx := bytes4(load("ldx"))
	rowLoop := func(label string, body func(x, n, out, inverse Register)) {
		x, n, out, inverse, rows, grow := load("x"), load("n"), load("out"), load("inverse"), load("rows"), load("grow")
		Label(label)
		body(x, n, out, inverse)
		ADDQ(ldx, x)
		ADDQ(grow, n)
		ADDQ(Imm(4), out)
		ADDQ(Imm(4), inverse)
		DECQ(rows)
		JNZ(LabelRef(label))
	}
	rowLoop("maxRow", func(x, n, out, _ Register) {
		p, left, m := GP64(), GP64(), zmms(4)
		MOVQ(x, p)
		MOVQ(n, left)
		for _, z := range m {
			VBROADCASTSS(bits(0xff800000), z)
		}
		walk("max", left, []int{4, 1}, func(u int, masked bool) {
			for i := range u {
				if masked {
					t := ZMM()
					VMOVUPS_Z(Mem{Base: p}, K1, t)
					VMAXPS(t, m[0], K1, m[0])
				} else {
					VMAXPS(Mem{Base: p, Disp: 64 * i}, m[i], m[i])
				}
			}
		}, func(values int) { ADDQ(U32(4*values), p) })
		VMAXPS(m[1], m[0], m[0])
		VMAXPS(m[3], m[2], m[2])
		VMAXPS(m[2], m[0], m[0])
		halve(m[0], VMAXPS)
		VMOVSS(m[0].AsX(), Mem{Base: out})
	})
	top127 := XMM()
	VMOVSS(bits(math.Float32bits(127)), top127)
	rowLoop("expRow", func(x, n, out, inverse Register) {
		p, w, left := GP64(), load("weight"), GP64()
		MOVQ(x, p)
		MOVQ(n, left)
		top, sum, amax := ZMM(), zero(), zero()
		VBROADCASTSS(Mem{Base: out}, top)
		walk("exp", left, []int{8, 1}, func(u int, masked bool) {
			v, e := zmms(u), zmms(u)
			layers(u, func(i int) {
				fetch(Mem{Base: p, Disp: 64 * i}, v[i], masked)
				VSUBPS(top, v[i], v[i])
			})
			exp2f(v, e)
			layers(u, func(i int) {
				if masked {
					VADDPS(e[i], sum, K1, sum)
				} else {
					VADDPS(e[i], sum, sum)
				}
			})
			layers(u, func(i int) {
				if masked {
					VMULPS_Z(Mem{Base: w}, e[i], K1, e[i])
				} else {
					VMULPS(Mem{Base: w, Disp: 64 * i}, e[i], e[i])
				}
				VPMAXUD(e[i], amax, amax)
				put(e[i], Mem{Base: p, Disp: 64 * i}, masked)
			})
		}, func(values int) {
			ADDQ(U32(4*values), p)
			ADDQ(U32(4*values), w)
		})
		halve(sum, VADDPS)
		halve(amax, VPMAXUD)
		r, s := GP32(), XMM()
		VMOVD(amax.AsX(), r)
		CMPL(r, U32(infinity))
		JAE(LabelRef("NaN"))
		CMPL(r, U32(tiny))
		JB(LabelRef("zero"))
		VDIVSS(top127, amax.AsX(), s)
		VDIVSS(sum.AsX(), s, s)
		VMOVSS(s, Mem{Base: out})
		VDIVSS(amax.AsX(), top127, s)
		VMOVSS(s, Mem{Base: inverse})
		JMP(LabelRef("scaled"))
		Label("NaN")
		MOVL(U32(0x7fc00000), Mem{Base: out})
		MOVL(U32(0), Mem{Base: inverse})
		JMP(LabelRef("scaled"))
		Label("zero")
		MOVL(U32(0), Mem{Base: out})
		MOVL(U32(0), Mem{Base: inverse})
		Label("scaled")
	})
	dst, ldd, order, none := load("dst"), load("ldd"), ZMM(), zero()
	VMOVDQU32(packOrder, order)
	rowLoop("packRow", func(x, n, _, inverse Register) {
		p, q, left, stop, factor := GP64(), GP64(), GP64(), load("padded"), ZMM()
		MOVQ(x, p)
		MOVQ(dst, q)
		MOVQ(n, left)
		ADDQ(q, stop)
		VBROADCASTSS(Mem{Base: inverse}, factor)
		pack("pack", p, q, left, factor, none, order)
		// n may end in a group that pack has filled up.
		MOVQ(n, q)
		ADDQ(Imm(3), q)
		ANDQ(I32(-4), q)
		ADDQ(dst, q)
		JMP(LabelRef("test"))
		Label("clear")
		MOVL(U32(0), Mem{Base: q})
		ADDQ(Imm(4), q)
		Label("test")
		CMPQ(q, stop)
		JB(LabelRef("clear"))
		ADDQ(ldd, dst)
	})
	end()
}

// norm emits LayerNorm or RMSNorm of several rows at a time: the sums of one row
// are a chain of dependent additions.
func norm(name string, layer bool) {
	begin(name+"512", "func(dst, x, gamma, beta *float32, rows, width, ldx, ldd int, eps float32)", "normalises rows rows of width values.")
	dst, x, rows := load("dst"), load("x"), load("rows")
	ldx, ldd := bytes4(load("ldx")), bytes4(load("ldd"))
	count, one := XMM(), XMM()
	VCVTSI2SSQ(param("width"), count, count)
	VMOVSS(bits(math.Float32bits(1)), one)
	for _, r := range []int{4, 1} {
		label := fmt.Sprintf("rows%d", r)
		Label(label)
		CMPQ(rows, Imm(uint64(r)))
		JL(LabelRef(label + "done"))
		normRows(label, r, layer, dst, x, ldx, ldd, count, one)
		for range r {
			ADDQ(ldx, x)
			ADDQ(ldd, dst)
		}
		SUBQ(Imm(uint64(r)), rows)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	end()
}

func normRows(label string, r int, layer bool, dst, x, ldx, ldd Register, count, one VecVirtual) {
	mean, inverse, sums := zmms(r), zmms(r), zmms(r)
	at, triple := GP64(), GP64()
	pass := func(label string, body func(masked bool, row func(base Register, i int) Mem)) {
		for _, z := range sums {
			VPXORD(z, z, z)
		}
		n, p := load("width"), GP64()
		MOVQ(x, p)
		LEAQ(Mem{Base: ldx, Index: ldx, Scale: 2}, triple)
		row := func(_ Register, i int) Mem {
			return []Mem{{Base: p}, {Base: p, Index: ldx, Scale: 1}, {Base: p, Index: ldx, Scale: 2}, {Base: p, Index: triple, Scale: 1}}[i]
		}
		walk(label, n, []int{1}, func(_ int, masked bool) { body(masked, row) }, func(values int) { ADDQ(U32(4*values), p) })
	}
	if layer {
		pass(label+"sum", func(masked bool, row func(Register, int) Mem) {
			for i := range r {
				if masked { // zeros add nothing, but -0+0 is 0: keep the lanes
					VADDPS(row(x, i), sums[i], K1, sums[i])
				} else {
					VADDPS(row(x, i), sums[i], sums[i])
				}
			}
		})
		for i := range r {
			halve(sums[i], VADDPS)
			VDIVSS(count, sums[i].AsX(), mean[i].AsX())
			VBROADCASTSS(mean[i].AsX(), mean[i])
		}
	}
	t := zmms(r)
	pass(label+"squares", func(masked bool, row func(Register, int) Mem) {
		for i := range r {
			fetch(row(x, i), t[i], masked)
			if layer {
				VSUBPS(mean[i], t[i], t[i])
			}
			VMULPS(t[i], t[i], t[i])
			if masked {
				VADDPS(t[i], sums[i], K1, sums[i])
			} else {
				VADDPS(t[i], sums[i], sums[i])
			}
		}
	})
	for i := range r {
		halve(sums[i], VADDPS)
		v := sums[i].AsX()
		VDIVSS(count, v, v)
		VADDSS(param("eps"), v, v)
		VSQRTSS(v, v, v)
		VDIVSS(v, one, v)
		VBROADCASTSS(v, inverse[i])
	}
	gamma, beta := load("gamma"), load("beta")
	tripleOut := GP64()
	LEAQ(Mem{Base: ldx, Index: ldx, Scale: 2}, triple)
	LEAQ(Mem{Base: ldd, Index: ldd, Scale: 2}, tripleOut)
	p, q := GP64(), GP64()
	MOVQ(x, p)
	MOVQ(dst, q)
	XORQ(at, at)
	in := []Mem{{Base: p}, {Base: p, Index: ldx, Scale: 1}, {Base: p, Index: ldx, Scale: 2}, {Base: p, Index: triple, Scale: 1}}
	out := []Mem{{Base: q}, {Base: q, Index: ldd, Scale: 1}, {Base: q, Index: ldd, Scale: 2}, {Base: q, Index: tripleOut, Scale: 1}}
	n := load("width")
	g, b := ZMM(), ZMM()
	walk(label+"out", n, []int{1}, func(_ int, masked bool) {
		fetch(Mem{Base: gamma, Index: at, Scale: 1}, g, masked)
		if layer {
			fetch(Mem{Base: beta, Index: at, Scale: 1}, b, masked)
		}
		for i := range r {
			fetch(in[i], t[i], masked)
			if layer {
				VSUBPS(mean[i], t[i], t[i])
			}
			VMULPS(inverse[i], t[i], t[i])
			VMULPS(g, t[i], t[i])
			if layer {
				VADDPS(b, t[i], t[i])
			}
			put(t[i], out[i], masked)
		}
	}, func(values int) {
		ADDQ(U32(4*values), p)
		ADDQ(U32(4*values), q)
		ADDQ(U32(4*values), at)
	})
}

func gather() {
	begin("gather512", "func(dst *float32, row *int8, n int, scale float32, add int)", "writes n values row*scale, or adds them where add is not 0.")
	dst, row, n, add, scale := load("dst"), load("row"), load("n"), load("add"), ZMM()
	VBROADCASTSS(param("scale"), scale)
	walk("values", n, []int{1}, func(_ int, masked bool) {
		v, t := ZMM(), ZMM()
		if masked {
			VPMOVSXBD_Z(Mem{Base: row}, K1, v)
		} else {
			VPMOVSXBD(Mem{Base: row}, v)
		}
		VCVTDQ2PS(v, v)
		VMULPS(scale, v, v)
		label := fmt.Sprintf("write%t", masked)
		TESTQ(add, add)
		JZ(LabelRef(label))
		fetch(Mem{Base: dst}, t, masked)
		VADDPS(v, t, v)
		Label(label)
		put(v, Mem{Base: dst}, masked)
	}, func(values int) {
		ADDQ(U32(4*values), dst)
		ADDQ(U32(values), row)
	})
	end()
}

// rotate takes eight pairs at a time where sixteen are too many: the footprint of a
// masked access would meet the stores before it.
func rotate() {
	begin("rotate512", "func(x, table *float32, half int)", "rotates the pairs x[i], x[i+half] by the cosines table[i] and sines table[i+half].")
	x, table, n, far := load("x"), load("table"), load("half"), GP64()
	MOVQ(n, far)
	bytes4(far)
	turn := func(register func() VecVirtual, masked bool) {
		a, b, cos, sin, t := register(), register(), register(), register(), register()
		fetch(Mem{Base: x}, a, masked)
		fetch(Mem{Base: x, Index: far, Scale: 1}, b, masked)
		fetch(Mem{Base: table}, cos, masked)
		fetch(Mem{Base: table, Index: far, Scale: 1}, sin, masked)
		VMULPS(cos, a, t)
		VMULPS(sin, a, a)
		VMULPS(sin, b, sin)
		VMULPS(cos, b, b)
		VSUBPS(sin, t, t)
		VADDPS(b, a, a)
		put(t, Mem{Base: x}, masked)
		put(a, Mem{Base: x, Index: far, Scale: 1}, masked)
	}
	on := func(values int) {
		ADDQ(U32(4*values), x)
		ADDQ(U32(4*values), table)
	}
	Label("sixteen")
	CMPQ(n, Imm(16))
	JL(LabelRef("eight"))
	turn(ZMM, false)
	on(16)
	SUBQ(Imm(16), n)
	JMP(LabelRef("sixteen"))
	Label("eight")
	CMPQ(n, Imm(8))
	JL(LabelRef("few"))
	turn(YMM, false)
	on(8)
	SUBQ(Imm(8), n)
	Label("few")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	maskOf(n, K1)
	turn(YMM, true)
	Label("done")
	end()
}

// interleave turns four rows of bytes into a group of each panel.
func interleave() {
	begin("interleave512", "func(dst *int8, stride int, v *byte, ldv int, n int)", "writes n columns of four rows of bytes as groups, a panel every stride bytes.")
	dst, stride, v, ldv, n := load("dst"), load("stride"), load("v"), load("ldv"), load("n")
	triple := GP64()
	LEAQ(Mem{Base: ldv, Index: ldv, Scale: 2}, triple)
	row := []Mem{{Base: v}, {Base: v, Index: ldv, Scale: 1}, {Base: v, Index: ldv, Scale: 2}, {Base: v, Index: triple, Scale: 1}}
	walk("columns", n, []int{1}, func(_ int, masked bool) {
		b := zmms(4)
		for i := range b {
			if masked {
				VPMOVZXBD_Z(row[i], K1, b[i])
			} else {
				VPMOVZXBD(row[i], b[i])
			}
			if i > 0 {
				VPSLLD(Imm(uint64(8*i)), b[i], b[i])
				VPORD(b[i], b[0], b[0])
			}
		}
		VMOVDQU32(b[0], Mem{Base: dst})
	}, func(values int) {
		ADDQ(U32(values), v)
		ADDQ(stride, dst)
	})
	end()
}
