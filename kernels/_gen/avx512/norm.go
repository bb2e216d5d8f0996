package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
