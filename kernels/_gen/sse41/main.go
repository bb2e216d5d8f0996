// The generator of the SSE4.1 kernels: go run ./sse41 -out FILE.s -stubs FILE.go
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for rows := 1; rows <= 3; rows++ {
		tile(rows)
	}
	Generate()
}

// tile multiplies rows rows of int16 with eight columns, half a panel. Two columns'
// four values of a group meet the row's in one pmaddwd: two partial sums each, which
// are added at the end. Exact for the full range of int8.
func tile(rows int) {
	name := fmt.Sprintf("tile%dSSE41", rows)
	TEXT(name, NOSPLIT, "func(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)")
	Doc(fmt.Sprintf("%s writes %d rows of 8 sums over groups*4 int16 values of a and int8 values of half the panel b.", name, rows))
	Pragma("noescape")
	dst, ldc := Load(Param("dst"), GP64()), Load(Param("ldc"), GP64())
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, groups := Load(Param("b"), GP64()), Load(Param("groups"), GP64())
	acc := make([][4]VecVirtual, rows)
	for r := range acc {
		for p := range acc[r] {
			acc[r][p] = XMM()
			PXOR(acc[r][p], acc[r][p])
		}
	}
	row := func(r int) Mem {
		if r == 0 {
			return Mem{Base: a}
		}
		return Mem{Base: a, Index: lda, Scale: uint8(r)}
	}
	w, t := XMM(), XMM()
	held := make([]VecVirtual, min(rows, 2))
	for r := range held {
		held[r] = XMM()
	}
	last := len(held) - 1
	Label("group")
	for r := range held {
		MOVDDUP(row(r), held[r])
	}
	for p := range 4 {
		PMOVSXBW(Mem{Base: b, Disp: 8 * p}, w)
		if rows == 3 { // no register is left to hold the third row
			MOVDDUP(row(2), t)
			PMADDWL(w, t)
			PADDL(t, acc[2][p])
		}
		if rows > 1 {
			MOVO(w, t)
			PMADDWL(held[0], t)
			PADDL(t, acc[0][p])
		}
		PMADDWL(held[last], w)
		PADDL(w, acc[last][p])
	}
	ADDQ(Imm(8), a)
	ADDQ(Imm(64), b)
	DECQ(groups)
	JNZ(LabelRef("group"))
	SHLQ(Imm(2), ldc)
	for r := range acc {
		for half := range 2 {
			PHADDD(acc[r][2*half+1], acc[r][2*half])
			MOVOU(acc[r][2*half], Mem{Base: dst, Disp: 16 * half})
		}
		if r+1 < rows {
			ADDQ(ldc, dst)
		}
	}
	RET()
}
