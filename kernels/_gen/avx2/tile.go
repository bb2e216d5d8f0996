package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// down emits tiles times rows rows of some columns, whose sums are dst's as store says.
func down(name, doc string, rows int, sums func(a, lda, b, groups Register) [][]VecVirtual) {
	TEXT(name, NOSPLIT, "func(dst *float32, ldd int, a *byte, lda int, b *int8, groups, tiles int, rowScale, colScale, bias, residual *float32, last int)")
	Doc(fmt.Sprintf("%s writes tiles times %d rows of %s.", name, rows, doc))
	repeat("tiles", sums, func() { ADDQ(Imm(uint64(4*rows)), param("rowScale")) }, func(lda, _ Register) {
		further := GP64()
		IMUL3Q(Imm(uint64(rows)), lda, further)
		ADDQ(further, param("a"))
	})
}

// along emits rows rows of panels, one after the other.
func along(name, doc string, rows int, sums func(a, lda, b, groups Register) [][]VecVirtual) {
	TEXT(name, NOSPLIT, "func(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride, groups, panels int, rowScale, colScale, bias, residual *float32, last int)")
	Doc(fmt.Sprintf("%s writes %d rows of panels times %s.", name, rows, doc))
	repeat("panels", sums, func() {
		ADDQ(Imm(64), param("colScale"))
		CMPQ(param("bias"), Imm(0))
		JE(LabelRef("moved"))
		ADDQ(Imm(64), param("bias"))
		Label("moved")
	}, func(_, at Register) {
		back, stride := Load(Param("ldd"), GP64()), Load(Param("panelStride"), GP64())
		IMUL3Q(Imm(uint64(4*rows)), back, back)
		SUBQ(back, at)
		ADDQ(Imm(64), at)
		ADDQ(stride, param("b"))
	})
}

// repeat emits sums and their store as often as count says. Behind one, floats moves
// what makes floats of sums, next all the rest.
func repeat(count string, sums func(a, lda, b, groups Register) [][]VecVirtual, floats func(), next func(lda, at Register)) {
	Pragma("noescape")
	lda, at := Load(Param("lda"), GP64()), GP64()
	XORQ(at, at)
	Label("again")
	a, b, groups := Load(Param("a"), GP64()), Load(Param("b"), GP64()), Load(Param("groups"), GP64())
	store(sums(a, lda, b, groups), at, floats)
	next(lda, at)
	DECQ(param(count))
	JNZ(LabelRef("again"))
	VZEROUPPER()
	RET()
}

// tile multiplies rows rows of int16 with one panel of 16 columns. A column's four
// values of a group meet the row's in one vpmaddwd: two partial sums, which are
// added at the end. Exact for the full range of int8.
func tile(rows int) {
	along(fmt.Sprintf("tile%dAVX2", rows), "16 sums, or floats, over groups*4 int16 values of a and int8 values of b", rows, func(a, lda, b, groups Register) [][]VecVirtual {
		acc := make([][4]VecVirtual, rows)
		for r := range acc {
			for q := range acc[r] {
				acc[r][q] = YMM()
				VPXOR(acc[r][q], acc[r][q], acc[r][q])
			}
		}
		row := func(r int) Mem {
			if r == 0 {
				return Mem{Base: a}
			}
			return Mem{Base: a, Index: lda, Scale: uint8(r)}
		}
		w, t := YMM(), YMM()
		held := make([]VecVirtual, min(rows, 2))
		for r := range held {
			held[r] = YMM()
		}
		Label("group")
		for r := range held {
			VPBROADCASTQ(row(r), held[r])
		}
		for q := range 4 {
			VPMOVSXBW(Mem{Base: b, Disp: 16 * q}, w)
			if rows == 3 { // no register is left to hold the third row
				VPBROADCASTQ(row(2), t)
				VPMADDWD(w, t, t)
				VPADDD(t, acc[2][q], acc[2][q])
			}
			if rows > 1 {
				VPMADDWD(held[0], w, t)
				VPADDD(t, acc[0][q], acc[0][q])
			}
			VPMADDWD(held[len(held)-1], w, w)
			VPADDD(w, acc[len(held)-1][q], acc[len(held)-1][q])
		}
		ADDQ(Imm(8), a)
		ADDQ(Imm(64), b)
		DECQ(groups)
		JNZ(LabelRef("group"))
		sums := make([][]VecVirtual, rows)
		for r, q := range acc {
			sums[r] = []VecVirtual{pair(q[0], q[1]), pair(q[2], q[3])}
		}
		return sums
	})
}

// half multiplies up to six rows with eight columns of a panel: fewer columns to
// widen for each row than in tile.
func half(rows int) {
	down(fmt.Sprintf("half%dAVX2", rows), "8 sums, or floats, over groups*4 int16 values of a and int8 values of half a panel", rows, func(a, lda, b, groups Register) [][]VecVirtual {
		lda3, lda5 := GP64(), GP64()
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
		if rows > 5 {
			LEAQ(Mem{Base: lda, Index: lda, Scale: 4}, lda5)
		}
		row := []Mem{{Base: a}, {Base: a, Index: lda, Scale: 1}, {Base: a, Index: lda, Scale: 2}, {Base: a, Index: lda3, Scale: 1},
			{Base: a, Index: lda, Scale: 4}, {Base: a, Index: lda5, Scale: 1}}
		acc := make([][2]VecVirtual, rows)
		for r := range acc {
			for q := range acc[r] {
				acc[r][q] = YMM()
				VPXOR(acc[r][q], acc[r][q], acc[r][q])
			}
		}
		w, v, t := [2]VecVirtual{YMM(), YMM()}, YMM(), YMM()
		step := func(u int) {
			for q := range w {
				VPMOVSXBW(Mem{Base: b, Disp: 64*u + 16*q}, w[q])
			}
			for r := range acc {
				VPBROADCASTQ(row[r].Offset(8*u), v)
				VPMADDWD(w[0], v, t)
				VPADDD(t, acc[r][0], acc[r][0])
				VPMADDWD(w[1], v, v)
				VPADDD(v, acc[r][1], acc[r][1])
			}
		}
		SUBQ(Imm(2), groups)
		JL(LabelRef("last"))
		Label("groups")
		step(0)
		step(1)
		ADDQ(Imm(16), a)
		ADDQ(U32(128), b)
		SUBQ(Imm(2), groups)
		JGE(LabelRef("groups"))
		Label("last")
		ADDQ(Imm(2), groups)
		JZ(LabelRef("summed"))
		step(0)
		Label("summed")
		sums := make([][]VecVirtual, rows)
		for r, q := range acc {
			sums[r] = []VecVirtual{pair(q[0], q[1])}
		}
		return sums
	})
}

// pair adds the two partial sums of eight columns, four of them in each register.
func pair(low, high VecVirtual) VecVirtual {
	VPHADDD(high, low, low)
	VPERMQ(Imm(0xd8), low, low)
	return low
}

// store writes the sums at offset at of dst, and moves it behind them: as they are
// where there is no rowScale, else as floats: sum*(rowScale*colScale) + bias + residual,
// of as many columns as last says, after which move has what they are made of moved on.
func store(sums [][]VecVirtual, at Register, move func()) {
	dst, ldd, rowScale := Load(Param("dst"), GP64()), Load(Param("ldd"), GP64()), Load(Param("rowScale"), GP64())
	SHLQ(Imm(2), ldd)
	TESTQ(rowScale, rowScale)
	JNZ(LabelRef("floats"))
	for r := range sums {
		for h, v := range sums[r] {
			VMOVDQU(v, Mem{Base: dst, Index: at, Scale: 1, Disp: 32 * h})
		}
		ADDQ(ldd, at)
	}
	JMP(LabelRef("stored"))
	Label("floats")
	colScale, bias, residual := Load(Param("colScale"), GP64()), Load(Param("bias"), GP64()), Load(Param("residual"), GP64())
	scale, mask := make([]VecVirtual, len(sums[0])), make([]VecVirtual, len(sums[0]))
	v, t := YMM(), YMM()
	for h := range scale {
		scale[h], mask[h] = YMM(), YMM()
		VMOVUPS(Mem{Base: colScale, Disp: 32 * h}, scale[h])
	}
	move()
	CMPQ(param("last"), Imm(uint64(8*len(scale))))
	JL(LabelRef("few"))
	floats := func(masked bool) {
		for r, sum := range sums {
			VBROADCASTSS(Mem{Base: rowScale, Disp: 4 * r}, v)
			for h := range sum {
				VMULPS(scale[h], v, t)
				VCVTDQ2PS(sum[h], sum[h])
				VMULPS(t, sum[h], sum[h])
			}
			noBias, noResidual := fmt.Sprintf("noBias%d%t", r, masked), fmt.Sprintf("noResidual%d%t", r, masked)
			TESTQ(bias, bias)
			JZ(LabelRef(noBias))
			for h := range sum {
				VADDPS(Mem{Base: bias, Disp: 32 * h}, sum[h], sum[h])
			}
			Label(noBias)
			mem := func(p Register, h int) Mem { return Mem{Base: p, Index: at, Scale: 1, Disp: 32 * h} }
			TESTQ(residual, residual)
			JZ(LabelRef(noResidual))
			for h := range sum {
				if masked {
					VMASKMOVPS(mem(residual, h), mask[h], t)
					VADDPS(t, sum[h], sum[h])
				} else {
					VADDPS(mem(residual, h), sum[h], sum[h])
				}
			}
			Label(noResidual)
			for h := range sum {
				if masked {
					VMASKMOVPS(sum[h], mask[h], mem(dst, h))
				} else {
					VMOVUPS(sum[h], mem(dst, h))
				}
			}
			ADDQ(ldd, at)
		}
	}
	floats(false)
	JMP(LabelRef("stored"))
	Label("few")
	VPBROADCASTD(param("last"), t)
	for h := range mask {
		VPCMPGTD(columns().Offset(32*h), t, mask[h])
	}
	floats(true)
	Label("stored")
}

var numbers *Mem

// columns are the numbers of a panel's columns.
func columns() Mem {
	if numbers == nil {
		m := GLOBL("columns", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(i)))
		}
		numbers = &m
	}
	return *numbers
}

// peak is the arithmetic of the tile without its loads: what bounds it.
func peak() {
	TEXT("peakAVX2", NOSPLIT, "func(rounds int)")
	Doc("peakAVX2 executes 12 vpmaddwd and 12 vpaddd on registers, rounds times.")
	n, a, b := Load(Param("rounds"), GP64()), YMM(), YMM()
	VPXOR(a, a, a)
	VPXOR(b, b, b)
	var acc [12]VecVirtual
	t := YMM()
	for i := range acc {
		acc[i] = YMM()
		VPXOR(acc[i], acc[i], acc[i])
	}
	Label("round")
	for i := range acc {
		VPMADDWD(a, b, t)
		VPADDD(t, acc[i], acc[i])
	}
	DECQ(n)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}
