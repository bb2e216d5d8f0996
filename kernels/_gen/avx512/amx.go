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

// Tiles: sums of the first and of the further sixteen rows, their values for a
// whole step of sixteen groups, the weights; the same again for the last, shorter
// step.
const (
	sum0, sum1   = 0, 1
	rows0, rows1 = 2, 3
	weights      = 4
	last0, last1 = 5, 6
	lastWeights  = 7
)

// amx multiplies up to 32 rows with panels one by one. The tiles of sums
// go through memory to AVX-512 registers, which end them as tile.go's do while the
// tiles of the next panel are at work.
func amx() {
	begin("productAMX", "func(dst *float32, ldd int, a *byte, lda int, rows int, b *int8, panelStride int, groups int, panels int, sum *int32, rowScale, colScale, bias, residual *float32, last int, config *byte, sums *int32)",
		"writes up to 32 rows of sums, or floats, of 16*panels columns, the last panel's as many as last says. config is the tiles' configuration, sums room for 32 rows of 16.")
	MOVQ(load("config"), RAX)
	tileConfig(RAX)
	MOVQ(load("lda"), R8)
	MOVQ(U64(64), R9)
	MOVQ(load("sums"), RDX)
	b, panels, column := load("b"), load("panels"), GP64()
	XORQ(column, column)
	JMP(LabelRef("panel"))

	Label("stored")
	tileStore(sum0, RDX, R9)
	CMPQ(param("rows"), Imm(16))
	JLE(LabelRef("next"))
	LEAQ(Mem{Base: RDX, Disp: 1024}, RAX)
	tileStore(sum1, RAX, R9)
	Label("next")
	DECQ(panels)
	JZ(LabelRef("finish"))
	ADDQ(load("panelStride"), b)

	Label("panel")
	MOVQ(load("a"), RSI)
	MOVQ(b, RBX)
	MOVQ(load("groups"), RCX)
	CMPQ(param("rows"), Imm(16))
	JG(LabelRef("two"))
	steps(1)
	JMP(LabelRef("summed"))
	Label("two")
	MOVQ(R8, RDI)
	SHLQ(Imm(4), RDI)
	ADDQ(RSI, RDI)
	steps(2)
	Label("summed")
	CMPQ(column, Imm(0)) // nothing to finish yet
	JNE(LabelRef("finish"))
	ADDQ(Imm(64), column)
	JMP(LabelRef("stored"))

	Label("finish")
	SUBQ(Imm(64), column)
	columns := GP64()
	MOVQ(U32(16), columns)
	CMPQ(panels, Imm(0))
	CMOVQEQ(param("last"), columns)
	maskOf(columns, K1)
	finish(column)
	ADDQ(U32(128), column)
	CMPQ(panels, Imm(0))
	JNE(LabelRef("stored"))
	tileRelease()
	end()
}

// steps adds up one panel for one or two tiles of rows.
func steps(tiles int) {
	label := func(s string) string { return fmt.Sprintf("%s%d", s, tiles) }
	tileZero(sum0)
	if tiles == 2 {
		tileZero(sum1)
	}
	step := func(w, first, second int) {
		tileLoad(w, RBX, R9)
		tileLoad(first, RSI, R8)
		tileProduct(sum0, first, w)
		if tiles == 2 {
			tileLoad(second, RDI, R8)
			tileProduct(sum1, second, w)
		}
	}
	SUBQ(Imm(16), RCX)
	JL(LabelRef(label("few")))
	Label(label("step"))
	step(weights, rows0, rows1)
	ADDQ(Imm(64), RSI)
	ADDQ(Imm(64), RDI)
	ADDQ(U32(1024), RBX)
	SUBQ(Imm(16), RCX)
	JGE(LabelRef(label("step")))
	Label(label("few"))
	ADDQ(Imm(16), RCX)
	JZ(LabelRef(label("whole")))
	step(lastWeights, last0, last1)
	Label(label("whole"))
}

// finish takes the offset of a back from a panel's sums and writes them.
func finish(column Register) {
	at, ldd, rows := GP64(), bytes4(load("ldd")), load("rows")
	dst, rowScale := load("dst"), load("rowScale")
	part := func(name string) Register { // of a vector along the columns, nil for none
		p := load(name)
		none := name + "None"
		TESTQ(p, p)
		JZ(LabelRef(none))
		ADDQ(column, p)
		Label(none)
		return p
	}
	sum, offset, w, p := part("sum"), zero(), ZMM(), GP64()
	ADDQ(column, dst)
	XORQ(at, at)
	MOVQ(RDX, p)
	TESTQ(sum, sum)
	JZ(LabelRef("noOffset"))
	VPSLLD(Imm(7), Mem{Base: sum}, offset)
	Label("noOffset")
	acc, t := ZMM(), ZMM()
	TESTQ(rowScale, rowScale)
	JNZ(LabelRef("floats"))
	loop := func(label string, body func()) {
		Label(label)
		VMOVDQU32(Mem{Base: p}, acc)
		VPSUBD(offset, acc, acc)
		body()
		put(acc, Mem{Base: dst, Index: at, Scale: 1}, true)
		ADDQ(Imm(64), p)
		ADDQ(ldd, at)
		DECQ(rows)
		JNZ(LabelRef(label))
		JMP(LabelRef("written"))
	}
	loop("intRow", func() {})
	Label("floats")
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
	JZ(LabelRef("noBias"))
	VMOVUPS(Mem{Base: bias}, shift)
	TESTQ(residual, residual)
	JNZ(LabelRef("bothRow"))
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
	Label("noBias")
	TESTQ(residual, residual)
	JNZ(LabelRef("residualRow"))
	loop("bareRow", scaled)
	loop("residualRow", func() {
		scaled()
		fetch(Mem{Base: residual, Index: at, Scale: 1}, t, true)
		VADDPS(t, acc, acc)
	})
	Label("written")
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
