package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// gemv is tile for few rows, where the weights' stream binds: it takes blocks of
// panels one after the other, so that the next block's weights are on their way
// while a block's sums become floats. More panels at a time make a faster stream and
// fewer loads of a's values; four lines of a panel in a row are fetched faster than
// one of each panel.
func gemv(rows, panels int) {
	const unroll = 4
	begin(fmt.Sprintf("gemv%dx%dVNNI", rows, panels), "func(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride int, groups int, blocks int, sum *int32, rowScale, colScale, bias, residual *float32)",
		fmt.Sprintf("writes %d rows of %d*blocks floats as the tiles do.", rows, 16*panels))
	lda, stride, stride3, stride5, stride7 := load("lda"), load("panelStride"), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	behind := stride3
	if panels > 4 {
		LEAQ(Mem{Base: stride, Index: stride, Scale: 4}, stride5)
		LEAQ(Mem{Base: stride3, Index: stride, Scale: 4}, stride7)
		behind = stride7
	}
	a, b, groups, column, blocks := GP64(), load("b"), GP64(), GP64(), load("blocks")
	row := []Mem{{Base: a}, {Base: a, Index: lda, Scale: 1}, {Base: a, Index: lda, Scale: 2}}
	panel := []Mem{{Base: b}, {Base: b, Index: stride, Scale: 1}, {Base: b, Index: stride, Scale: 2}, {Base: b, Index: stride3, Scale: 1},
		{Base: b, Index: stride, Scale: 4}, {Base: b, Index: stride5, Scale: 1}, {Base: b, Index: stride3, Scale: 2}, {Base: b, Index: stride7, Scale: 1}}
	acc := make([][]VecVirtual, rows)
	values := make([][]VecVirtual, rows) // of a, unroll groups
	for r := range acc {
		acc[r], values[r] = zmms(panels), zmms(unroll)
	}
	w, v := zmms(panels), ZMM()
	steps := func(n int) {
		for r := range rows {
			for u := range n {
				VPBROADCASTD(row[r].Offset(4*u), values[r][u])
			}
		}
		for p := range panels {
			for u := range n {
				VMOVDQU32(panel[p].Offset(64*u), w[0])
				for r := range rows {
					VPDPBUSD(w[0], values[r][u], acc[r][p])
				}
			}
		}
	}
	XORQ(column, column)
	Label("block")
	MOVQ(load("a"), a)
	MOVQ(load("groups"), groups)
	sum := load("sum")
	ADDQ(column, sum)
	for p := range w {
		VPSLLD(Imm(7), Mem{Base: sum, Disp: 64 * p}, w[p])
		for r := range acc {
			VPXORD(acc[r][p], acc[r][p], acc[r][p])
		}
		VPSUBD(w[p], acc[0][p], acc[0][p])
		for r := 1; r < rows; r++ {
			VMOVDQA32(acc[0][p], acc[r][p])
		}
	}
	eachGroup(a, b, groups, unroll, steps)
	ADDQ(behind, b) // its own panel is behind it
	rowScale, colScale, bias, residual, dst, ldd := load("rowScale"), load("colScale"), load("bias"), load("residual"), load("dst"), bytes4(load("ldd"))
	ADDQ(column, colScale)
	ADDQ(column, dst)
	at, t := GP64(), ZMM()
	MOVQ(column, at)
	for p := range w {
		VMOVUPS(Mem{Base: colScale, Disp: 64 * p}, w[p])
	}
	for r := range rows {
		VBROADCASTSS(Mem{Base: rowScale, Disp: 4 * r}, v)
		for p := range w {
			VMULPS(w[p], v, t)
			VCVTDQ2PS(acc[r][p], acc[r][p])
			VMULPS(t, acc[r][p], acc[r][p])
		}
		noBias, noResidual := fmt.Sprintf("noBias%d", r), fmt.Sprintf("noResidual%d", r)
		TESTQ(bias, bias)
		JZ(LabelRef(noBias))
		for p := range w {
			VADDPS(Mem{Base: bias, Index: column, Scale: 1, Disp: 64 * p}, acc[r][p], acc[r][p])
		}
		Label(noBias)
		TESTQ(residual, residual)
		JZ(LabelRef(noResidual))
		for p := range w {
			VADDPS(Mem{Base: residual, Index: at, Scale: 1, Disp: 64 * p}, acc[r][p], acc[r][p])
		}
		Label(noResidual)
		for p := range w {
			VMOVUPS(acc[r][p], Mem{Base: dst, Disp: 64 * p})
		}
		if r+1 < rows {
			ADDQ(ldd, dst)
			ADDQ(ldd, at)
		}
	}
	ADDQ(U32(64*panels), column)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	end()
}
