// The generator of the float32 kernels of amd64: go run ./matmul -out FILE.s -stubs FILE.go
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// level is a vector width: its tiles are rows by two vectors.
type level struct {
	name        string
	rows, bytes int
	vector      func() VecVirtual
}

func main() {
	ConstraintExpr("amd64")
	for _, l := range []level{{"FMA512", 14, 64, ZMM}, {"FMA256", 6, 32, YMM}} {
		for vectors := 1; vectors <= 2; vectors++ {
			for rows := 1; rows <= l.rows; rows++ {
				tile(l, rows, vectors)
			}
		}
		stack(l)
		peak(l)
	}
	transpose()
	Generate()
}

// tile holds rows by vectors accumulators. A step is one k: the vectors of b, and for
// each row its value of a broadcast. The loop takes eight, since its own instructions
// compete for the ports of the multiply-adds, and fetches one row of lines: first
// those of c, then what the tiles to come need. At once, or faster, they would take the
// buffers of a and b, which come from the second-level cache. Tiles of narrow vectors
// also fetch b, eight steps ahead.
func tile(l level, rows, vectors int) {
	name := fmt.Sprintf("tile%dx%d%s", rows, vectors, l.name)
	TEXT(name, NOSPLIT, "func(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32, next *float32, stride, lines int)")
	Doc(fmt.Sprintf("%s computes alpha*a*b + beta*c for %d rows of %d values; beta 0 reads no c.", name, rows, vectors*l.bytes/4))
	Pragma("noescape")
	acc := make([][]VecVirtual, rows)
	for r := range acc {
		acc[r] = make([]VecVirtual, vectors)
		for v := range vectors {
			acc[r][v] = l.vector()
			VXORPS(acc[r][v].AsX(), acc[r][v].AsX(), acc[r][v].AsX())
		}
	}
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, ldb := Load(Param("b"), GP64()), Load(Param("ldb"), GP64())
	depth := Load(Param("depth"), GP64())
	SHLQ(Imm(2), lda)
	SHLQ(Imm(2), ldb)
	c, ldc, lines := Load(Param("c"), GP64()), Load(Param("ldc"), GP64()), GP64()
	next, stride, left := Load(Param("next"), GP64()), Load(Param("stride"), GP64()), Load(Param("lines"), GP64())
	SHLQ(Imm(2), ldc)
	SHLQ(Imm(2), stride)
	MOVQ(U32(rows), lines)
	lda3, lda5, low, ldb3 := GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	if rows > 3 {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	}
	if rows > 5 {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 4}, lda5)
	}
	if rows > 7 {
		LEAQ(Mem{Base: a, Index: lda3, Scale: 2}, low)
		ADDQ(lda, low)
	}
	row := func(r int) Mem {
		base := a
		if r >= 7 {
			base, r = low, r-7
		}
		return []Mem{{Base: base}, {Base: base, Index: lda, Scale: 1}, {Base: base, Index: lda, Scale: 2},
			{Base: base, Index: lda3, Scale: 1}, {Base: base, Index: lda, Scale: 4}, {Base: base, Index: lda5, Scale: 1}, {Base: base, Index: lda3, Scale: 2}}[r]
	}
	w, x := make([]VecVirtual, vectors), l.vector()
	for v := range w {
		w[v] = l.vector()
	}
	below := func(base Register, u int) Mem {
		return []Mem{{Base: base}, {Base: base, Index: ldb, Scale: 1}, {Base: base, Index: ldb, Scale: 2}, {Base: base, Index: ldb3, Scale: 1}}[u%4]
	}
	narrow, ahead := l.bytes < 64, GP64()
	if narrow {
		LEAQ(Mem{Base: b, Index: ldb, Scale: 8}, ahead)
	}
	step := func(u int) {
		for v := range w {
			VMOVUPS(below(b, u).Offset(v*l.bytes), w[v])
		}
		if narrow {
			PREFETCHT0(below(ahead, u))
		}
		for r := range acc {
			VBROADCASTSS(row(r).Offset(4*u), x)
			for v := range w {
				VFMADD231PS(w[v], x, acc[r][v])
			}
		}
	}
	on := func(steps int) {
		ADDQ(Imm(uint64(4*steps)), a)
		if rows > 7 {
			ADDQ(Imm(uint64(4*steps)), low)
		}
	}
	const unroll = 8
	SUBQ(Imm(unroll), depth)
	JL(LabelRef("few"))
	Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(64)}})
	Label("steps")
	for u := range unroll {
		step(u)
		if u%4 == 3 {
			LEAQ(Mem{Base: b, Index: ldb, Scale: 4}, b)
			if narrow {
				LEAQ(Mem{Base: ahead, Index: ldb, Scale: 4}, ahead)
			}
		}
	}
	for line := 0; line < vectors*l.bytes; line += 64 {
		PREFETCHT1(Mem{Base: c, Disp: line})
	}
	ADDQ(ldc, c)
	SUBQ(Imm(1), lines)
	CMOVQEQ(next, c)
	CMOVQEQ(stride, ldc)
	CMOVQEQ(left, lines)
	on(unroll)
	SUBQ(Imm(unroll), depth)
	JGE(LabelRef("steps"))
	Label("few")
	ADDQ(Imm(unroll), depth)
	JZ(LabelRef("summed"))
	Label("step")
	step(0)
	ADDQ(ldb, b)
	on(1)
	DECQ(depth)
	JNZ(LabelRef("step"))
	Label("summed")

	Load(Param("c"), c)
	Load(Param("ldc"), ldc)
	SHLQ(Imm(2), ldc)
	at := GP64()
	alpha, beta, bits := x, w[0], GP32()
	VBROADCASTSS(param("alpha"), alpha)
	for r := range acc {
		for v := range vectors {
			VMULPS(alpha, acc[r][v], acc[r][v])
		}
	}
	MOVL(param("beta"), bits)
	TESTL(bits, bits)
	JZ(LabelRef("store"))
	VBROADCASTSS(param("beta"), beta)
	MOVQ(c, at)
	for r := range acc {
		for v := range vectors {
			VMULPS(Mem{Base: at, Disp: v * l.bytes}, beta, x)
			VADDPS(x, acc[r][v], acc[r][v])
		}
		if r+1 < rows {
			ADDQ(ldc, at)
		}
	}
	Label("store")
	for r := range acc {
		for v := range vectors {
			VMOVUPS(acc[r][v], Mem{Base: c, Disp: v * l.bytes})
		}
		if r+1 < rows {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// param is a parameter in memory, for broadcasting.
func param(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// stack lays rows together, and fetches the row eight below meanwhile.
func stack(l level) {
	name := "stack" + l.name
	TEXT(name, NOSPLIT, "func(dst, src *float32, lds, rows int)")
	Doc(fmt.Sprintf("%s copies rows of %d values, lds apart.", name, l.bytes/2))
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	lds, rows := Load(Param("lds"), GP64()), Load(Param("rows"), GP64())
	v := [2]VecVirtual{l.vector(), l.vector()}
	SHLQ(Imm(2), lds)
	Label("row")
	for i := range v {
		VMOVUPS(Mem{Base: src, Disp: i * l.bytes}, v[i])
	}
	for i := range v {
		VMOVUPS(v[i], Mem{Base: dst, Disp: i * l.bytes})
	}
	ADDQ(lds, src)
	ADDQ(U32(2*l.bytes), dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// peak is the arithmetic of the tile without its loads: what bounds it.
func peak(l level) {
	TEXT("peak"+l.name, NOSPLIT, "func(rounds int)")
	Doc(fmt.Sprintf("peak%s executes 12 fused multiply-adds of %d values on registers, rounds times.", l.name, l.bytes/4))
	n, a, b := Load(Param("rounds"), GP64()), l.vector(), l.vector()
	VXORPS(a.AsX(), a.AsX(), a.AsX())
	VXORPS(b.AsX(), b.AsX(), b.AsX())
	var acc [12]VecVirtual
	for i := range acc {
		acc[i] = l.vector()
		VXORPS(acc[i].AsX(), acc[i].AsX(), acc[i].AsX())
	}
	Label("round")
	for i := range acc {
		VFMADD231PS(a, b, acc[i])
	}
	DECQ(n)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}

// transpose turns blocks of eight by eight: pairs, quads and halves change places.
func transpose() {
	TEXT("transpose8", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds, blocks int)")
	Doc("transpose8 writes src, 8 rows of 8*blocks values, to dst, 8*blocks rows of 8.")
	Pragma("noescape")
	dst, ldd := Load(Param("dst"), GP64()), Load(Param("ldd"), GP64())
	src, lds := Load(Param("src"), GP64()), Load(Param("lds"), GP64())
	n := Load(Param("blocks"), GP64())
	SHLQ(Imm(2), ldd)
	SHLQ(Imm(2), lds)
	at := GP64()
	var x, t [8]VecVirtual
	for i := range x {
		x[i], t[i] = YMM(), YMM()
	}
	Label("block")
	MOVQ(src, at)
	for i := range x {
		VMOVUPS(Mem{Base: at}, x[i])
		if i < 7 {
			ADDQ(lds, at)
		}
	}
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(x[i+1], x[i], t[i])
		VUNPCKHPS(x[i+1], x[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), t[i+2], t[i], x[i])
		VSHUFPS(Imm(0xee), t[i+2], t[i], x[i+1])
		VSHUFPS(Imm(0x44), t[i+3], t[i+1], x[i+2])
		VSHUFPS(Imm(0xee), t[i+3], t[i+1], x[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), x[i+4], x[i], t[i])
		VPERM2F128(Imm(0x31), x[i+4], x[i], t[i+4])
	}
	for i := range t {
		VMOVUPS(t[i], Mem{Base: dst})
		ADDQ(ldd, dst)
	}
	ADDQ(Imm(32), src)
	DECQ(n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
