// The generator of the float32 kernels of amd64: go run ./matmul -out FILE.s -stubs FILE.go
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
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
	for _, l := range []level{{"FMA512", 12, 64, ZMM}, {"FMA256", 6, 32, YMM}} {
		for vectors := 1; vectors <= 2; vectors++ {
			for rows := 1; rows <= l.rows; rows++ {
				tile(l, rows, vectors)
			}
		}
		spread(l)
		peak(l)
	}
	transpose()
	Generate()
}

// tile holds rows by vectors accumulators. A step is one k: the vectors of b, and for
// each row its value of a broadcast. The loop takes four, since its own instructions
// compete for the ports of the multiply-adds. Lines of c are fetched ahead of the
// loop, of b eight steps ahead.
func tile(l level, rows, vectors int) {
	name := fmt.Sprintf("tile%dx%d%s", rows, vectors, l.name)
	TEXT(name, NOSPLIT, "func(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32)")
	Doc(fmt.Sprintf("%s computes alpha*a*b + beta*c for %d rows of %d values; beta 0 reads no c.", name, rows, vectors*l.bytes/4))
	Pragma("noescape")
	c, ldc := Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	b, ldb := Load(Param("b"), GP64()), Load(Param("ldb"), GP64())
	depth := Load(Param("depth"), GP64())
	SHLQ(Imm(2), ldc)
	SHLQ(Imm(2), lda)
	SHLQ(Imm(2), ldb)
	lda3, lda5, low, ldb3, ahead := GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	LEAQ(Mem{Base: b, Index: ldb, Scale: 8}, ahead)
	if rows > 3 {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	}
	if rows > 5 {
		LEAQ(Mem{Base: lda, Index: lda, Scale: 4}, lda5)
	}
	if rows > 6 {
		LEAQ(Mem{Base: a, Index: lda3, Scale: 2}, low)
	}
	row := func(r int) Mem {
		base := a
		if r >= 6 {
			base, r = low, r-6
		}
		return []Mem{{Base: base}, {Base: base, Index: lda, Scale: 1}, {Base: base, Index: lda, Scale: 2},
			{Base: base, Index: lda3, Scale: 1}, {Base: base, Index: lda, Scale: 4}, {Base: base, Index: lda5, Scale: 1}}[r]
	}
	acc := make([][]VecVirtual, rows)
	at := GP64()
	MOVQ(c, at)
	for r := range acc {
		acc[r] = make([]VecVirtual, vectors)
		for v := range vectors {
			acc[r][v] = l.vector()
			VXORPS(acc[r][v].AsX(), acc[r][v].AsX(), acc[r][v].AsX())
		}
		for line := 0; line < vectors*l.bytes; line += 64 {
			PREFETCHT0(Mem{Base: at, Disp: line})
		}
		if r+1 < rows {
			ADDQ(ldc, at)
		}
	}
	w, x := make([]VecVirtual, vectors), l.vector()
	for v := range w {
		w[v] = l.vector()
	}
	below := func(base Register, u int) Mem {
		return []Mem{{Base: base}, {Base: base, Index: ldb, Scale: 1}, {Base: base, Index: ldb, Scale: 2}, {Base: base, Index: ldb3, Scale: 1}}[u]
	}
	step := func(u int) {
		for v := range w {
			VMOVUPS(below(b, u).Offset(v*l.bytes), w[v])
		}
		for line := 0; line < vectors*l.bytes; line += 64 {
			PREFETCHT0(below(ahead, u).Offset(line))
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
		if rows > 6 {
			ADDQ(Imm(uint64(4*steps)), low)
		}
		for _, p := range []Register{b, ahead} {
			if steps == 1 {
				ADDQ(ldb, p)
			} else {
				LEAQ(Mem{Base: p, Index: ldb, Scale: uint8(steps)}, p)
			}
		}
	}
	const unroll = 4
	SUBQ(Imm(unroll), depth)
	JL(LabelRef("few"))
	Label("steps")
	for u := range unroll {
		step(u)
	}
	on(unroll)
	SUBQ(Imm(unroll), depth)
	JGE(LabelRef("steps"))
	Label("few")
	ADDQ(Imm(unroll), depth)
	JZ(LabelRef("summed"))
	Label("step")
	step(0)
	on(1)
	DECQ(depth)
	JNZ(LabelRef("step"))
	Label("summed")

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

// spread deals a row out to panels, and fetches the row below the next meanwhile.
func spread(l level) {
	name := "spread" + l.name
	TEXT(name, NOSPLIT, "func(dst *float32, stride int, src *float32, lds, panels int)")
	Doc(fmt.Sprintf("%s copies panels*%d values: %d to every stride-th of dst.", name, l.bytes/2, l.bytes/2))
	Pragma("noescape")
	dst, stride := Load(Param("dst"), GP64()), Load(Param("stride"), GP64())
	src, lds := Load(Param("src"), GP64()), Load(Param("lds"), GP64())
	panels, v := Load(Param("panels"), GP64()), [2]VecVirtual{l.vector(), l.vector()}
	SHLQ(Imm(2), stride)
	Label("panel")
	for i := range v {
		VMOVUPS(Mem{Base: src, Disp: i * l.bytes}, v[i])
	}
	for line := 0; line < 2*l.bytes; line += 64 {
		PREFETCHT0(Mem{Base: src, Index: lds, Scale: 8, Disp: line})
	}
	for i := range v {
		VMOVUPS(v[i], Mem{Base: dst, Disp: i * l.bytes})
	}
	ADDQ(U32(2*l.bytes), src)
	ADDQ(stride, dst)
	DECQ(panels)
	JNZ(LabelRef("panel"))
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
