package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Go's assembler has no AMX: its instructions are written as bytes (Intel's manual,
// volume 2, chapter 4). Tiles are numbers, registers physical.

// word emits an instruction of VEX map 0F38: pp is 0 for no prefix, 1 for 66, 2 for
// F3, 3 for F2; v the register in vvvv.
// inputs are the registers it reads.
func word(inputs []Op, opcode byte, pp, v, x, b int, rest ...byte) {
	bytes := append([]byte{0xc4, byte(0x82 | (1-x)<<6 | (1-b)<<5), byte((^v&15)<<3 | pp), opcode}, rest...)
	for _, c := range bytes {
		Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{Imm(uint64(c))}, Inputs: inputs})
	}
}

// number is that of a register in the encoding.
func number(r Register) int {
	for i, p := range []Register{RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15} {
		if p == r {
			return i
		}
	}
	panic("not a register")
}

func tileConfig(base Register) { // LDTILECFG (base)
	word([]Op{base}, 0x49, 0, 0, 0, number(base)>>3, byte(number(base)&7))
}

func tileRelease() { word(nil, 0x49, 0, 0, 0, 0, 0xc0) }

func tileZero(t int) { word(nil, 0x49, 3, 0, 0, 0, byte(0xc0|t<<3)) }

// tileMemory is TILELOADD (pp 3) or TILESTORED (pp 2) of (base)(stride*1).
func tileMemory(pp, t int, base, stride Register) {
	b, x := number(base), number(stride)
	word([]Op{base, stride}, 0x4b, pp, 0, x>>3, b>>3, byte(t<<3|4), byte(x&7<<3|b&7))
}

func tileLoad(t int, base, stride Register)  { tileMemory(3, t, base, stride) }
func tileStore(t int, base, stride Register) { tileMemory(2, t, base, stride) }

// tileProduct is TDPBUSD: acc += unsigned bytes of a times signed bytes of b.
func tileProduct(acc, a, b int) { word(nil, 0x5e, 1, b, 0, 0, byte(0xc0|acc<<3|a)) }

// tiles are those of a panel: sums of the first and of the further sixteen rows,
// their values for a step of sixteen groups, the weights.
type tiles struct{ sum0, sum1, rows0, rows1, weights int }

// The first panel of a step; the same for a last, shorter step; the second panel
// where there is no such step.
var (
	first  = tiles{0, 1, 2, 3, 4}
	last   = tiles{0, 1, 5, 6, 7}
	second = tiles{5, 6, 2, 3, 7}
)

const roomOfPanel = 32 * 64 // bytes of a panel's sums

// amx multiplies up to 32 rows with panels one by one, or two by two. The tiles of
// sums go through memory to AVX-512 registers, which end them as tile.go's do while
// the tiles of the next panels are at work. That memory begins with a cache line:
// tiles that cross lines are slow.
func amx() {
	const name = "productAMX"
	TEXT(name, 0, "func(dst *float32, ldd int, a *byte, lda int, rows int, b *int8, panelStride int, groups int, panels int, pairs bool, sum *int32, rowScale, colScale, bias, residual *float32, last int, config *byte)")
	Doc(name + " writes up to 32 rows of sums, or floats, of 16*panels columns, the last panel's as many as last says. config is the tiles' configuration; pairs are faster if a's rows do not stay in the first-level cache, and need whole steps and even panels.")
	Pragma("noescape")
	MOVQ(load("config"), RAX)
	tileConfig(RAX)
	MOVQ(load("lda"), R8)
	MOVQ(U64(64), R9)
	LEAQ(AllocLocal(2*roomOfPanel+64).Offset(63), RDX)
	ANDQ(I32(-64), RDX)
	CMPB(param("pairs"), Imm(0))
	JNE(LabelRef("pairs"))
	multiply("one", first)
	Label("pairs")
	multiply("two", first, second)
}

// multiply works on so many panels at a time as there are tiles for.
func multiply(prefix string, of ...tiles) {
	label := func(s string) string { return prefix + s }
	b, panels, column := load("b"), load("panels"), GP64()
	width := 64 * len(of)
	XORQ(column, column)
	JMP(LabelRef(label("Panel")))

	Label(label("Stored"))
	for i, t := range of {
		LEAQ(Mem{Base: RDX, Disp: i * roomOfPanel}, RAX)
		tileStore(t.sum0, RAX, R9)
	}
	CMPQ(param("rows"), Imm(16))
	JLE(LabelRef(label("Next")))
	for i, t := range of {
		LEAQ(Mem{Base: RDX, Disp: i*roomOfPanel + 1024}, RAX)
		tileStore(t.sum1, RAX, R9)
	}
	Label(label("Next"))
	SUBQ(Imm(uint64(len(of))), panels)
	JZ(LabelRef(label("Finish")))
	for range of {
		ADDQ(load("panelStride"), b)
	}

	Label(label("Panel"))
	MOVQ(load("a"), RSI)
	MOVQ(b, RBX)
	if len(of) > 1 {
		MOVQ(b, R10)
		ADDQ(load("panelStride"), R10)
	}
	MOVQ(load("groups"), RCX)
	CMPQ(param("rows"), Imm(16))
	JG(LabelRef(label("Two")))
	steps(label("16"), 1, of)
	JMP(LabelRef(label("Summed")))
	Label(label("Two"))
	MOVQ(R8, RDI)
	SHLQ(Imm(4), RDI)
	ADDQ(RSI, RDI)
	steps(label("32"), 2, of)
	Label(label("Summed"))
	CMPQ(column, Imm(0)) // nothing to finish yet
	JNE(LabelRef(label("Finish")))
	ADDQ(U32(width), column)
	JMP(LabelRef(label("Stored")))

	Label(label("Finish"))
	SUBQ(U32(width), column)
	for i := range of {
		columns := GP64()
		MOVQ(U32(16), columns)
		if i == len(of)-1 {
			CMPQ(panels, Imm(0))
			CMOVQEQ(param("last"), columns)
		}
		maskOf(columns, K1)
		finish(fmt.Sprint(prefix, i), column, i*roomOfPanel)
		ADDQ(Imm(64), column)
	}
	ADDQ(U32(width), column)
	CMPQ(panels, Imm(0))
	JNE(LabelRef(label("Stored")))
	tileRelease()
	end()
}

// steps adds up the panels for one or two tiles of rows. A lone panel may have a last
// step that is shorter.
func steps(prefix string, rows int, of []tiles) {
	for _, t := range of {
		tileZero(t.sum0)
		if rows == 2 {
			tileZero(t.sum1)
		}
	}
	step := func(of ...tiles) {
		for i, t := range of {
			tileLoad(t.weights, []Register{RBX, R10}[i], R9)
			if i == 0 {
				tileLoad(t.rows0, RSI, R8)
			}
			tileProduct(t.sum0, t.rows0, t.weights)
			if rows == 2 {
				if i == 0 {
					tileLoad(t.rows1, RDI, R8)
				}
				tileProduct(t.sum1, t.rows1, t.weights)
			}
		}
	}
	SUBQ(Imm(16), RCX)
	JL(LabelRef(prefix + "few"))
	Label(prefix + "step")
	step(of...)
	ADDQ(Imm(64), RSI)
	ADDQ(Imm(64), RDI)
	ADDQ(U32(1024), RBX)
	if len(of) > 1 {
		ADDQ(U32(1024), R10)
	}
	SUBQ(Imm(16), RCX)
	JGE(LabelRef(prefix + "step"))
	Label(prefix + "few")
	if len(of) > 1 {
		return
	}
	ADDQ(Imm(16), RCX)
	JZ(LabelRef(prefix + "whole"))
	step(last)
	Label(prefix + "whole")
}

// finish takes the offset of a back from a panel's sums, so far behind RDX, and writes
// them.
func finish(prefix string, column Register, room int) {
	label := func(s string) string { return prefix + s }
	at, ldd, rows := GP64(), bytes4(load("ldd")), load("rows")
	dst, rowScale := load("dst"), load("rowScale")
	part := func(name string) Register { // of a vector along the columns, nil for none
		p := load(name)
		none := label(name + "None")
		TESTQ(p, p)
		JZ(LabelRef(none))
		ADDQ(column, p)
		Label(none)
		return p
	}
	sum, offset, w, p := part("sum"), zero(), ZMM(), GP64()
	ADDQ(column, dst)
	XORQ(at, at)
	LEAQ(Mem{Base: RDX, Disp: room}, p)
	TESTQ(sum, sum)
	JZ(LabelRef(label("noOffset")))
	VPSLLD(Imm(7), Mem{Base: sum}, offset)
	Label(label("noOffset"))
	acc, t := ZMM(), ZMM()
	TESTQ(rowScale, rowScale)
	JNZ(LabelRef(label("floats")))
	loop := func(name string, body func()) {
		Label(label(name))
		VMOVDQU32(Mem{Base: p}, acc)
		VPSUBD(offset, acc, acc)
		body()
		put(acc, Mem{Base: dst, Index: at, Scale: 1}, true)
		ADDQ(Imm(64), p)
		ADDQ(ldd, at)
		DECQ(rows)
		JNZ(LabelRef(label(name)))
		JMP(LabelRef(label("written")))
	}
	loop("intRow", func() {})
	Label(label("floats"))
	VMOVUPS(Mem{Base: part("colScale")}, w)
	bias, residual := part("bias"), part("residual")
	scaled := func() {
		VMULPS_BCST(Mem{Base: rowScale}, w, t)
		ADDQ(Imm(4), rowScale)
		VCVTDQ2PS(acc, acc)
		VMULPS(t, acc, acc)
	}
	shift := ZMM()
	TESTQ(bias, bias)
	JZ(LabelRef(label("noBias")))
	VMOVUPS(Mem{Base: bias}, shift)
	TESTQ(residual, residual)
	JNZ(LabelRef(label("bothRow")))
	loop("biasRow", func() {
		scaled()
		VADDPS(shift, acc, acc)
	})
	loop("bothRow", func() {
		scaled()
		VADDPS(shift, acc, acc)
		fetch(Mem{Base: residual, Index: at, Scale: 1}, t, true)
		VADDPS(t, acc, acc)
	})
	Label(label("noBias"))
	TESTQ(residual, residual)
	JNZ(LabelRef(label("residualRow")))
	loop("bareRow", scaled)
	loop("residualRow", func() {
		scaled()
		fetch(Mem{Base: residual, Index: at, Scale: 1}, t, true)
		VADDPS(t, acc, acc)
	})
	Label(label("written"))
}

// peakOfAMX is the arithmetic of productAMX without its loads.
func peakOfAMX() {
	begin("peakAMX", "func(rounds int, config *byte)", "executes 4 tdpbusd, rounds times.")
	MOVQ(load("config"), RAX)
	tileConfig(RAX)
	n := load("rounds")
	Label("round")
	for acc := range 4 {
		tileProduct(acc, 4, 5)
	}
	DECQ(n)
	JNZ(LabelRef("round"))
	tileRelease()
	RET()
}
