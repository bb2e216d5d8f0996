// The generator of the AVX2 kernels: go run ./avx2 -out FILE.s -stubs FILE.go
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
	for rows := 1; rows <= 3; rows++ {
		tile(rows)
	}
	for rows := 4; rows <= 6; rows++ {
		half(rows)
	}
	amax()
	quantise(false)
	quantise(true)
	dequant()
	normalise()
	sums(false)
	sums(true)
	maximum()
	multiply()
	activation("gelu16", gelu)
	activation("silu16", silu)
	exponential()
	peak()
	Generate()
}

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

// constant is a vector of eight times v in read-only memory.
func constant(v float32) Mem { return bits(math.Float32bits(v)) }

var constants = map[uint32]Mem{}

func bits(v uint32) Mem {
	if m, ok := constants[v]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("vector%08x", v), RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(v))
	}
	constants[v] = m
	return m
}

// move is how far a pointer goes on after a block of values.
type move struct {
	pointer Register
	bytes   int
}

// blocks emits body for every 16 values; body steps the given pointers by 64 bytes
// (or what it says) itself.
func blocks(pointers []move, body func()) {
	n := Load(Param("blocks"), GP64())
	Label("block")
	body()
	for _, m := range pointers {
		ADDQ(Imm(uint64(m.bytes)), m.pointer)
	}
	DECQ(n)
	JNZ(LabelRef("block"))
}

func amax() {
	TEXT("amax16", NOSPLIT, "func(x *float32, blocks int) (bits uint32)")
	Doc("amax16 is the largest magnitude of 16*blocks values, as bits.")
	Pragma("noescape")
	x, mask, m, v := Load(Param("x"), GP64()), YMM(), YMM(), YMM()
	VMOVDQU(bits(0x7fffffff), mask)
	VPXOR(m, m, m)
	blocks([]move{{x, 64}}, func() {
		for half := range 2 {
			VPAND(Mem{Base: x, Disp: 32 * half}, mask, v)
			VPMAXUD(v, m, m)
		}
	})
	low, high, r := m.AsX(), v.AsX(), GP32()
	VEXTRACTI128(Imm(1), m, high)
	VPMAXUD(high, low, low)
	for _, order := range []uint64{0x4e, 0xb1} {
		VPSHUFD(Imm(order), low, high)
		VPMAXUD(high, low, low)
	}
	VMOVD(low, r)
	VZEROUPPER()
	Store(r, ReturnIndex(0))
	RET()
}

// quantise rounds to nearest even, as words or as bytes with an offset.
func quantise(bytes bool) {
	step := 32
	if bytes {
		TEXT("quantiseBytes16", NOSPLIT, "func(dst *byte, x *float32, blocks int, inverse float32, offset uint32)")
		Doc("quantiseBytes16 writes 16*blocks bytes round(x*inverse)+offset; offset is given twice, as two words.")
		step = 16
	} else {
		TEXT("quantiseWords16", NOSPLIT, "func(dst *byte, x *float32, blocks int, inverse float32)")
		Doc("quantiseWords16 writes 16*blocks int16 round(x*inverse).")
	}
	Pragma("noescape")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	inverse, a, b, offset := YMM(), YMM(), YMM(), YMM()
	VBROADCASTSS(param("inverse"), inverse)
	if bytes {
		VBROADCASTSS(param("offset"), offset)
	}
	blocks([]move{{x, 64}, {dst, step}}, func() {
		VMULPS(Mem{Base: x}, inverse, a)
		VMULPS(Mem{Base: x, Disp: 32}, inverse, b)
		VCVTPS2DQ(a, a)
		VCVTPS2DQ(b, b)
		VPACKSSDW(b, a, a)
		VPERMQ(Imm(0xd8), a, a)
		if !bytes {
			VMOVDQU(a, Mem{Base: dst})
			return
		}
		// Bytes are cut from the words: with an offset they are unsigned,
		// without one never negative or meant as int8.
		VPADDW(offset, a, a)
		VPAND(bits(0x00ff00ff), a, a)
		VEXTRACTI128(Imm(1), a, b.AsX())
		VPACKUSWB(b.AsX(), a.AsX(), a.AsX())
		VMOVDQU(a.AsX(), Mem{Base: dst})
	})
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

func dequant() {
	TEXT("dequant16", NOSPLIT, "func(dst *float32, acc *int32, rowScale float32, colScale, bias, residual *float32, blocks int)")
	Doc("dequant16 computes acc*(rowScale*colScale)+bias+residual for 16*blocks values; bias and residual may be nil.")
	Pragma("noescape")
	dst, acc := Load(Param("dst"), GP64()), Load(Param("acc"), GP64())
	scale, bias, residual := Load(Param("colScale"), GP64()), Load(Param("bias"), GP64()), Load(Param("residual"), GP64())
	rowScale, at := YMM(), GP64()
	VBROADCASTSS(param("rowScale"), rowScale)
	XORQ(at, at)
	v, s := [2]VecVirtual{YMM(), YMM()}, [2]VecVirtual{YMM(), YMM()}
	blocks([]move{{at, 64}}, func() {
		mem := func(base Register, half int) Mem { return Mem{Base: base, Index: at, Scale: 1, Disp: 32 * half} }
		for h := range 2 {
			VCVTDQ2PS(mem(acc, h), v[h])
			VMULPS(mem(scale, h), rowScale, s[h])
			VMULPS(s[h], v[h], v[h])
		}
		for i, p := range []Register{bias, residual} {
			none := fmt.Sprintf("none%d", i)
			TESTQ(p, p)
			JZ(LabelRef(none))
			for h := range 2 {
				VADDPS(mem(p, h), v[h], v[h])
			}
			Label(none)
		}
		for h := range 2 {
			VMOVUPS(v[h], mem(dst, h))
		}
	})
	VZEROUPPER()
	RET()
}

func normalise() {
	TEXT("normalise16", NOSPLIT, "func(dst, x, gamma, beta *float32, blocks int, mean, inverse float32)")
	Doc("normalise16 computes (x-mean)*inverse*gamma+beta for 16*blocks values; beta may be nil.")
	Pragma("noescape")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	gamma, beta, at := Load(Param("gamma"), GP64()), Load(Param("beta"), GP64()), GP64()
	mean, inverse := YMM(), YMM()
	VBROADCASTSS(param("mean"), mean)
	VBROADCASTSS(param("inverse"), inverse)
	XORQ(at, at)
	v := [2]VecVirtual{YMM(), YMM()}
	blocks([]move{{at, 64}}, func() {
		mem := func(base Register, half int) Mem { return Mem{Base: base, Index: at, Scale: 1, Disp: 32 * half} }
		for h := range 2 {
			VMOVUPS(mem(x, h), v[h])
			VSUBPS(mean, v[h], v[h])
			VMULPS(inverse, v[h], v[h])
			VMULPS(mem(gamma, h), v[h], v[h])
		}
		TESTQ(beta, beta)
		JZ(LabelRef("none"))
		for h := range 2 {
			VADDPS(mem(beta, h), v[h], v[h])
		}
		Label("none")
		for h := range 2 {
			VMOVUPS(v[h], mem(dst, h))
		}
	})
	VZEROUPPER()
	RET()
}

func sums(squares bool) {
	if squares {
		TEXT("squares16", NOSPLIT, "func(x *float32, blocks int, shift float32, part *float32)")
		Doc("squares16 writes 16 partial sums of (x-shift)^2 over 16*blocks values.")
	} else {
		TEXT("sums16", NOSPLIT, "func(x *float32, blocks int, part *float32)")
		Doc("sums16 writes 16 partial sums over 16*blocks values.")
	}
	Pragma("noescape")
	x, part := Load(Param("x"), GP64()), Load(Param("part"), GP64())
	shift, v := YMM(), YMM()
	if squares {
		VBROADCASTSS(param("shift"), shift)
	}
	s := [2]VecVirtual{YMM(), YMM()}
	for h := range s {
		VXORPS(s[h], s[h], s[h])
	}
	blocks([]move{{x, 64}}, func() {
		for h := range 2 {
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			if squares {
				VSUBPS(shift, v, v)
				VMULPS(v, v, v)
			}
			VADDPS(v, s[h], s[h])
		}
	})
	for h := range s {
		VMOVUPS(s[h], Mem{Base: part, Disp: 32 * h})
	}
	VZEROUPPER()
	RET()
}

func maximum() {
	TEXT("maximum16", NOSPLIT, "func(x *float32, blocks int) float32")
	Doc("maximum16 is the largest of 16*blocks values.")
	Pragma("noescape")
	x, m, v := Load(Param("x"), GP64()), YMM(), YMM()
	VBROADCASTSS(Mem{Base: x}, m)
	blocks([]move{{x, 64}}, func() {
		VMAXPS(Mem{Base: x}, m, m)
		VMAXPS(Mem{Base: x, Disp: 32}, m, m)
	})
	low, high := m.AsX(), v.AsX()
	VEXTRACTF128(Imm(1), m, high)
	VMAXPS(high, low, low)
	for _, order := range []uint64{0x4e, 0xb1} {
		VPSHUFD(Imm(order), low, high)
		VMAXPS(high, low, low)
	}
	Store(low, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func multiply() {
	TEXT("multiply16", NOSPLIT, "func(x, y *float32, blocks int)")
	Doc("multiply16 replaces 16*blocks values x by x*y.")
	Pragma("noescape")
	x, y, v := Load(Param("x"), GP64()), Load(Param("y"), GP64()), YMM()
	blocks([]move{{x, 64}, {y, 64}}, func() {
		for h := range 2 {
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			VMULPS(Mem{Base: y, Disp: 32 * h}, v, v)
			VMOVUPS(v, Mem{Base: x, Disp: 32 * h})
		}
	})
	VZEROUPPER()
	RET()
}

// exp2f emits 2^x, operation by operation what generic.go's exp2f does. The order
// of operands of min and max lets a NaN through.
func exp2f(x VecVirtual) VecVirtual {
	z, f, p := YMM(), YMM(), YMM()
	VMOVUPS(constant(-125), f)
	VMAXPS(x, f, x)
	VMOVUPS(constant(127), f)
	VMINPS(x, f, x)
	VADDPS(constant(12582912), x, z)
	VSUBPS(constant(12582912), z, f)
	VSUBPS(f, x, f)
	VMULPS(constant(9.582855177e-3), f, p)
	for i, c := range []float32{5.590643755e-2, 2.402409852e-1, 6.931241919e-1, 1} {
		if i > 0 {
			VMULPS(f, p, p)
		}
		VADDPS(constant(c), p, p)
	}
	VPSLLD(Imm(23), z, z)
	VPADDD(bits(127<<23), z, z)
	VMULPS(z, p, p)
	return p
}

// activation emits a function that replaces 16*blocks values.
func activation(name string, f func(v VecVirtual) VecVirtual) {
	TEXT(name, NOSPLIT, "func(x *float32, blocks int)")
	Doc(name + " replaces 16*blocks values by the activation.")
	Pragma("noescape")
	x := Load(Param("x"), GP64())
	blocks([]move{{x, 64}}, func() {
		for h := range 2 {
			v := YMM()
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			VMOVUPS(f(v), Mem{Base: x, Disp: 32 * h})
		}
	})
	VZEROUPPER()
	RET()
}

// gelu emits v*(1/2+u*P(u^2)), u being v within the ends.
func gelu(v VecVirtual) VecVirtual {
	u, t, p := YMM(), YMM(), YMM()
	VMOVUPS(constant(-4.24609375), t)
	VMAXPS(v, t, v)
	VMOVUPS(constant(4.24609375), t)
	VMINPS(v, t, u)
	VMULPS(u, u, t)
	VMULPS(constant(-8.460330172e-10), t, p)
	for i, c := range []float32{7.570776653e-08, -2.938786329e-06, 6.552685438e-05, -9.404456717e-04, 9.257815040e-03, -6.545348366e-02, 3.984200326e-01} {
		if i > 0 {
			VMULPS(t, p, p)
		}
		VADDPS(constant(c), p, p)
	}
	VMULPS(u, p, p)
	VADDPS(constant(0.5), p, p)
	VMULPS(p, v, p)
	return p
}

// silu emits v/(1+e^-v).
func silu(v VecVirtual) VecVirtual {
	u := YMM()
	VMULPS(constant(-math.Log2E), v, u)
	e, r := exp2f(u), YMM()
	VADDPS(constant(1), e, e)
	VDIVPS(e, v, r)
	return r
}

func exponential() {
	TEXT("exp16", NOSPLIT, "func(x *float32, blocks int, top float32, part *float32)")
	Doc("exp16 replaces 16*blocks values x by 2^(x-top) and writes 16 partial sums.")
	Pragma("noescape")
	x, part, top := Load(Param("x"), GP64()), Load(Param("part"), GP64()), YMM()
	VBROADCASTSS(param("top"), top)
	s := [2]VecVirtual{YMM(), YMM()}
	for h := range s {
		VXORPS(s[h], s[h], s[h])
	}
	blocks([]move{{x, 64}}, func() {
		for h := range 2 {
			v := YMM()
			VMOVUPS(Mem{Base: x, Disp: 32 * h}, v)
			VSUBPS(top, v, v)
			e := exp2f(v)
			VADDPS(e, s[h], s[h])
			VMOVUPS(e, Mem{Base: x, Disp: 32 * h})
		}
	})
	for h := range s {
		VMOVUPS(s[h], Mem{Base: part, Disp: 32 * h})
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
