// The generator of the AVX-512-VNNI kernels: go run ./avx512 -out FILE.s -stubs FILE.go
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for panels := 1; panels <= 4; panels++ {
		for rows := 1; rows <= 6; rows++ {
			tile(rows, panels)
		}
	}
	peak()
	Generate()
}

// tile multiplies rows rows of uint8 with panels panels of 16 columns. Values of a
// carry an offset of 128, which accumulators that start at -128*sum take back; a
// nil sum means no offset. A step of the loop is one group of four values: a zmm
// of each panel, and for each row its four bytes broadcast.
func tile(rows, panels int) {
	name := fmt.Sprintf("tile%dx%dVNNI", rows, panels)
	TEXT(name, NOSPLIT, "func(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups int, sum *int32)")
	Doc(fmt.Sprintf("%s writes %d rows of %d sums over groups*4 uint8 values of a and int8 values of b.", name, rows, 16*panels))
	Pragma("noescape")
	dst, ldc := Load(Param("dst"), GP64()), Load(Param("ldc"), GP64())
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, stride := Load(Param("b"), GP64()), Load(Param("panelStride"), GP64())
	groups, sum := Load(Param("groups"), GP64()), Load(Param("sum"), GP64())
	lda3, lda5, stride3 := GP64(), GP64(), GP64()
	if rows > 3 {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	}
	if rows > 5 {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 4}, lda5)
	}
	if panels > 3 {
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	}
	row := []Mem{{Base: a}, {Base: a, Index: lda, Scale: 1}, {Base: a, Index: lda, Scale: 2}, {Base: a, Index: lda3, Scale: 1},
		{Base: a, Index: lda, Scale: 4}, {Base: a, Index: lda5, Scale: 1}}
	panel := []Mem{{Base: b}, {Base: b, Index: stride, Scale: 1}, {Base: b, Index: stride, Scale: 2}, {Base: b, Index: stride3, Scale: 1}}

	acc := make([][]VecVirtual, rows)
	for r := range acc {
		acc[r] = make([]VecVirtual, panels)
		for p := range acc[r] {
			acc[r][p] = ZMM()
			VPXORD(acc[r][p], acc[r][p], acc[r][p])
		}
	}
	w := make([]VecVirtual, panels)
	for p := range w {
		w[p] = ZMM()
	}
	TESTQ(sum, sum)
	JZ(LabelRef("group"))
	for p := range panels {
		VPSLLD(Imm(7), Mem{Base: sum, Disp: 64 * p}, w[p])
		for r := range acc {
			VPSUBD(w[p], acc[r][p], acc[r][p])
		}
	}
	Label("group")
	for p := range panels {
		VMOVDQU32(panel[p], w[p])
	}
	for r := range rows {
		v := ZMM()
		VPBROADCASTD(row[r], v)
		for p := range panels {
			VPDPBUSD(w[p], v, acc[r][p])
		}
	}
	ADDQ(Imm(4), a)
	ADDQ(Imm(64), b)
	DECQ(groups)
	JNZ(LabelRef("group"))
	SHLQ(Imm(2), ldc)
	for r := range rows {
		for p := range panels {
			VMOVDQU32(acc[r][p], Mem{Base: dst, Disp: 64 * p})
		}
		if r+1 < rows {
			ADDQ(ldc, dst)
		}
	}
	VZEROUPPER()
	RET()
}

// peak is the arithmetic of the tile without its loads: what bounds it.
func peak() {
	TEXT("peakVNNI", NOSPLIT, "func(rounds int)")
	Doc("peakVNNI executes 24 vpdpbusd on registers, rounds times.")
	n, a, b := Load(Param("rounds"), GP64()), ZMM(), ZMM()
	VPXORD(a, a, a)
	VPXORD(b, b, b)
	var acc [24]VecVirtual
	for i := range acc {
		acc[i] = ZMM()
		VPXORD(acc[i], acc[i], acc[i])
	}
	Label("round")
	for i := range acc {
		VPDPBUSD(a, b, acc[i])
	}
	DECQ(n)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}
