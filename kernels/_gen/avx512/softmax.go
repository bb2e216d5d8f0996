package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
