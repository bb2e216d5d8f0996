package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile multiplies rows rows of int16 with one panel of 16 columns. A column's four
// values of a group meet the row's in one vpmaddwd: two partial sums, which are
// added at the end. Exact for the full range of int8.
func tile(rows int) {
	TEXT(fmt.Sprintf("tile%dAVX2", rows), NOSPLIT, "func(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)")
	Doc(fmt.Sprintf("tile%dAVX2 writes %d rows of 16 sums over groups*4 int16 values of a and int8 values of b.", rows, rows))
	Pragma("noescape")
	dst, ldc := Load(Param("dst"), GP64()), Load(Param("ldc"), GP64())
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, groups := Load(Param("b"), GP64()), Load(Param("groups"), GP64())
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
	SHLQ(Imm(2), ldc)
	for r := range acc {
		for half := range 2 {
			VPHADDD(acc[r][2*half+1], acc[r][2*half], t)
			VPERMQ(Imm(0xd8), t, t)
			VMOVDQU(t, Mem{Base: dst, Disp: 32 * half})
		}
		if r+1 < rows {
			ADDQ(ldc, dst)
		}
	}
	VZEROUPPER()
	RET()
}

// half multiplies up to six rows with eight columns of a panel: fewer columns to
// widen for each row than in tile.
func half(rows int) {
	name := fmt.Sprintf("half%dAVX2", rows)
	TEXT(name, NOSPLIT, "func(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)")
	Doc(fmt.Sprintf("%s writes %d rows of 8 sums over groups*4 int16 values of a and int8 values of half a panel.", name, rows))
	Pragma("noescape")
	dst, ldc := Load(Param("dst"), GP64()), Load(Param("ldc"), GP64())
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, groups := Load(Param("b"), GP64()), Load(Param("groups"), GP64())
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
	SHLQ(Imm(2), ldc)
	for r := range acc {
		VPHADDD(acc[r][1], acc[r][0], t)
		VPERMQ(Imm(0xd8), t, t)
		VMOVDQU(t, Mem{Base: dst})
		if r+1 < rows {
			ADDQ(ldc, dst)
		}
	}
	VZEROUPPER()
	RET()
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
