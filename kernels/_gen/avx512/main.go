// The generator of the AVX-512 kernels: go run ./avx512 -out FILE.s -stubs FILE.go
package main

import (
	"fmt"
	"math"

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
	gemv(1, 8)
	gemv(1, 4)
	gemv(2, 4)
	gemv(3, 4)
	packTable()
	quantise()
	activation("gelu", 8, gelu)
	activation("silu", 4, silu)
	softmax()
	norm("layerNorm", true)
	norm("rmsNorm", false)
	gather()
	rotate()
	interleave()
	peak()
	amx()
	peakOfAMX()
	Generate()
}

// begin starts a function that lets no pointer escape.
func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Doc(name + " " + doc)
	Pragma("noescape")
}

func end() {
	VZEROUPPER()
	RET()
}

func load(name string) Register { return Load(Param(name), GP64()) }

// bytes4 turns a count of 4-byte values into bytes.
func bytes4(r Register) Register {
	SHLQ(Imm(2), r)
	return r
}

// param is a parameter in memory, for broadcasting.
func param(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

var constants = map[uint32]Mem{}

// bits is a 32-bit constant in read-only memory.
func bits(v uint32) Mem {
	if m, ok := constants[v]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("word%08x", v), RODATA|NOPTR)
	DATA(0, U32(v))
	constants[v] = m
	return m
}

// vector is a register of sixteen times v.
func vector(v float32) VecVirtual {
	z := ZMM()
	VBROADCASTSS(bits(math.Float32bits(v)), z)
	return z
}

func zero() VecVirtual {
	z := ZMM()
	VPXORD(z, z, z)
	return z
}

func zmms(n int) []VecVirtual {
	z := make([]VecVirtual, n)
	for i := range z {
		z[i] = ZMM()
	}
	return z
}

// maskOf sets k to the lowest n bits, n < 64.
func maskOf(n Register, k Register) {
	ones := GP64()
	MOVQ(I32(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVQ(ones, k)
}

// walk emits body for n values: u vectors at a time, then one, then the last few
// under the mask K1. step moves the pointers on by so many values. n is used up.
func walk(label string, n Register, units []int, body func(u int, masked bool), step func(values int)) {
	for _, u := range units {
		again, next := fmt.Sprintf("%s%d", label, u), fmt.Sprintf("%s%ddone", label, u)
		CMPQ(n, U32(16*u))
		JL(LabelRef(next))
		Label(again)
		body(u, false)
		step(16 * u)
		SUBQ(U32(16*u), n)
		CMPQ(n, U32(16*u))
		JGE(LabelRef(again))
		Label(next)
	}
	done := label + "done"
	TESTQ(n, n)
	JZ(LabelRef(done))
	maskOf(n, K1)
	body(1, true)
	Label(done)
}

// fetch and put are loads and stores of float32, under the mask K1 where asked.
func fetch(m Mem, z Register, masked bool) {
	if masked {
		VMOVUPS_Z(m, K1, z)
	} else {
		VMOVUPS(m, z)
	}
}

func put(z Register, m Mem, masked bool) {
	if masked {
		VMOVUPS(z, K1, m)
	} else {
		VMOVUPS(z, m)
	}
}

// halve folds z into its lowest lane by op on halves.
func halve(z VecVirtual, op func(ops ...Op)) {
	t := ZMM()
	VEXTRACTF64X4(Imm(1), z, t.AsY())
	op(t.AsY(), z.AsY(), z.AsY())
	VEXTRACTF32X4(Imm(1), z.AsY(), t.AsX())
	op(t.AsX(), z.AsX(), z.AsX())
	for _, order := range []uint64{0x4e, 0xb1} {
		VPSHUFD(Imm(order), z.AsX(), t.AsX())
		op(t.AsX(), z.AsX(), z.AsX())
	}
}

// peak is the arithmetic of the tile without its loads: what bounds it.
func peak() {
	TEXT("peakVNNI", NOSPLIT, "func(rounds int)")
	Doc("peakVNNI executes 24 vpdpbusd on registers, rounds times.")
	n, a, b := load("rounds"), zero(), zero()
	acc := zmms(24)
	for _, z := range acc {
		VPXORD(z, z, z)
	}
	Label("round")
	for _, z := range acc {
		VPDPBUSD(a, b, z)
	}
	DECQ(n)
	JNZ(LabelRef("round"))
	end()
}
