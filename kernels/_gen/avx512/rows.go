package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
