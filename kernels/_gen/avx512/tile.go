package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile multiplies tiles times rows rows of uint8 with panels panels of 16 columns.
// Values of a carry an offset of 128, which accumulators that start at -128*sum take
// back; a nil sum means no offset. A step is one group of four values: a zmm of each
// panel, and for each row its four bytes broadcast. The loop takes four steps, since
// its own instructions compete for vpdpbusd's ports; in small tiles they go to
// accumulators of their own, for vpdpbusd has a latency of five cycles and two can
// start in each.
//
// Without rowScale the sums are stored, else floats: sum*(rowScale*colScale) + bias
// + residual, of the last panel as many columns as last says.
func tile(rows, panels int) {
	name := fmt.Sprintf("tile%dx%dVNNI", rows, panels)
	begin(name, "func(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)",
		fmt.Sprintf("writes tiles times %d rows of %d sums, or floats, over groups*4 uint8 values of a and int8 values of b.", rows, 16*panels))
	a, lda, at := load("a"), load("lda"), GP64()
	b, stride, groups := GP64(), load("panelStride"), GP64()
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

	const unroll = 4
	sets := 1
	for rows*panels*sets < 10 && sets < unroll {
		sets *= 2
	}
	acc := make([][]VecVirtual, rows*sets) // [sets][rows][panels]
	for r := range acc {
		acc[r] = zmms(panels)
	}
	w, v := zmms(panels), ZMM()
	XORQ(at, at)
	Label("tile")
	MOVQ(param("b"), b)
	MOVQ(param("groups"), groups)
	start(acc, w, load("sum"), rows)
	steps := func(n int) {
		for u := range n {
			for p := range panels {
				VMOVDQU32(panel[p].Offset(64*u), w[p])
			}
			for r := range rows {
				VPBROADCASTD(row[r].Offset(4*u), v)
				for p := range panels {
					VPDPBUSD(w[p], v, acc[u%sets*rows+r][p])
				}
			}
		}
	}
	eachGroup(a, b, groups, unroll, steps)
	fold(acc, rows)
	store(acc[:rows], w, v, at)
	next(a, lda, rows)
	DECQ(param("tiles"))
	JNZ(LabelRef("tile"))
	end()
}

// next moves a from the end of a row rows rows further.
func next(a, lda Register, rows int) {
	back := load("groups")
	SHLQ(Imm(2), back)
	SUBQ(back, a)
	IMUL3Q(Imm(uint64(rows)), lda, back)
	ADDQ(back, a)
}

// eachGroup emits steps for all groups, unroll at a time while there are so many, then
// one; a and b move behind them.
func eachGroup(a, b, groups Register, unroll int, steps func(n int)) {
	SUBQ(Imm(uint64(unroll)), groups)
	JL(LabelRef("few"))
	Label("groups")
	steps(unroll)
	ADDQ(Imm(uint64(4*unroll)), a)
	ADDQ(U32(64*unroll), b)
	SUBQ(Imm(uint64(unroll)), groups)
	JGE(LabelRef("groups"))
	Label("few")
	ADDQ(Imm(uint64(unroll)), groups)
	JZ(LabelRef("summed"))
	Label("group")
	steps(1)
	ADDQ(Imm(4), a)
	ADDQ(Imm(64), b)
	DECQ(groups)
	JNZ(LabelRef("group"))
	Label("summed")
}

// fold adds up the sets of accumulators, each of so many rows, into the first.
func fold(acc [][]VecVirtual, rows int) {
	for n := len(acc) / 2; n >= rows; n /= 2 {
		for r := range n {
			for p := range acc[r] {
				VPADDD(acc[r+n][p], acc[r][p], acc[r][p])
			}
		}
	}
}

// start sets the accumulators of the first group of rows to -128*sum, where there is
// a sum, and the others to zero.
func start(acc [][]VecVirtual, w []VecVirtual, sum Register, rows int) {
	for _, r := range acc[rows:] {
		for _, z := range r {
			VPXORD(z, z, z)
		}
	}
	TESTQ(sum, sum)
	JZ(LabelRef("noSum"))
	for p := range w {
		VPXORD(acc[0][p], acc[0][p], acc[0][p])
		VPSLLD(Imm(7), Mem{Base: sum, Disp: 64 * p}, w[p])
		VPSUBD(w[p], acc[0][p], acc[0][p])
		for r := 1; r < rows; r++ {
			VMOVDQA32(acc[0][p], acc[r][p])
		}
	}
	JMP(LabelRef("started"))
	Label("noSum")
	for _, r := range acc[:rows] {
		for _, z := range r {
			VPXORD(z, z, z)
		}
	}
	Label("started")
}

// store writes a tile at offset at of dst and moves it, and rowScale, behind the tile.
func store(acc [][]VecVirtual, w []VecVirtual, v VecVirtual, at Register) {
	dst, ldc := load("dst"), bytes4(load("ldc"))
	rowScale := load("rowScale")
	last := len(w) - 1
	TESTQ(rowScale, rowScale)
	JNZ(LabelRef("floats"))
	for r := range acc {
		for p := range w {
			VMOVDQU32(acc[r][p], Mem{Base: dst, Index: at, Scale: 1, Disp: 64 * p})
		}
		ADDQ(ldc, at)
	}
	JMP(LabelRef("stored"))
	Label("floats")
	colScale, bias, residual := load("colScale"), load("bias"), load("residual")
	maskOf(load("last"), K1)
	for p := range w {
		VMOVUPS(Mem{Base: colScale, Disp: 64 * p}, w[p])
	}
	t := ZMM()
	for r := range acc {
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
			VADDPS(Mem{Base: bias, Disp: 64 * p}, acc[r][p], acc[r][p])
		}
		Label(noBias)
		TESTQ(residual, residual)
		JZ(LabelRef(noResidual))
		for p := range w {
			fetch(Mem{Base: residual, Index: at, Scale: 1, Disp: 64 * p}, t, p == last)
			VADDPS(t, acc[r][p], acc[r][p])
		}
		Label(noResidual)
		for p := range w {
			put(acc[r][p], Mem{Base: dst, Index: at, Scale: 1, Disp: 64 * p}, p == last)
		}
		ADDQ(ldc, at)
	}
	ADDQ(Imm(uint64(4*len(acc))), param("rowScale"))
	Label("stored")
}
