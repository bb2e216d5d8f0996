package kernels

import (
	"fmt"
	"unsafe"
)

// MatMulArgs are the operands of a MatMul. A matrix is rows of values, LD values
// apart, so that any part of one is a matrix too.
type MatMulArgs struct {
	M, N, K     int
	A           []float32 // [M][K], or [K][M] when TransA
	LDA         int
	TransA      bool
	B           []float32 // [K][N], or [N][K] when TransB
	LDB         int
	TransB      bool
	C           []float32 // [M][N]
	LDC         int
	Alpha, Beta float32
	Scratch     []byte // MatMulScratch(M, N, K) bytes
}

// A block of B, depthBlock by columnBlock, is packed into panels of a tile's width;
// one panel stays in the first-level cache while the rows of a block of A pass.
// The sum over k is taken depthBlock at a time, in order: neither tiles nor threads
// change a result.
const (
	depthBlock  = 384
	columnBlock = 1024
	rowBlock    = 192
	paddedDepth = depthBlock + 16 // rows of a copy of A must not meet in one set of a cache
	widestTile  = 32
	edgeValues  = 12 * widestTile // of the largest tile
)

// MatMulScratch is the working memory of a MatMul in bytes, 2.2 MB at most.
func MatMulScratch(m, n, k int) int {
	columns := (min(n, columnBlock) + widestTile - 1) / widestTile * widestTile
	return 64 + 4*(edgeValues+min(m, rowBlock)*paddedDepth+columns*min(k, depthBlock))
}

// floatTile computes tiles of a MatMul.
type floatTile struct {
	rows, columns int // of a whole tile
	vector        int // columns are written in multiples of it
	// run computes c = alpha*a*b + beta*c for one tile; b is a packed panel. With
	// beta 0 it reads no c.
	run func(c []float32, ldc int, a []float32, lda int, b []float32, depth, rows, columns int, alpha, beta float32)
	// transpose writes dst[j*ldd+i] = src[i*lds+j].
	transpose func(dst []float32, ldd int, src []float32, lds, rows, columns int)
}

// MatMul computes C = Alpha op(A) op(B) + Beta C, op being the transpose where it is
// asked for. Beta 0 writes C whatever it held, Alpha 0 reads neither A nor B. NaN
// and infinities follow IEEE 754. Levels with fused multiply-adds give the same
// bits; the others round every product too. C must not overlap A or B.
func (s *Set) MatMul(a *MatMulArgs) {
	a.check()
	if a.M == 0 || a.N == 0 {
		return
	}
	if a.K == 0 || a.Alpha == 0 {
		for m := range a.M {
			scaleRow(a.C[m*a.LDC:][:a.N], a.Beta)
		}
		return
	}
	t := &s.tile
	edge, copied, packed := a.scratch()
	for k := 0; k < a.K; k += depthBlock {
		depth, beta := min(depthBlock, a.K-k), a.Beta
		if k > 0 {
			beta = 1
		}
		for n := 0; n < a.N; n += columnBlock {
			columns := min(columnBlock, a.N-n)
			a.pack(t, packed, k, n, depth, columns)
			for m := 0; m < a.M; m += rowBlock {
				rows := min(rowBlock, a.M-m)
				left, lda := a.left(t, copied, m, k, rows, depth)
				b := block{t, a.C[m*a.LDC+n:], a.LDC, left, lda, packed, depth, rows, columns, a.Alpha, beta}
				b.run(edge)
			}
		}
	}
}

func (a *MatMulArgs) check() {
	need := func(name string, x []float32, ld, rows, columns int) {
		if rows == 0 || columns == 0 {
			return
		}
		if want := (rows-1)*ld + columns; ld < columns || len(x) < want {
			panic(fmt.Sprintf("kernels: MatMul: %s has %d values in rows of %d, want %d in rows of at least %d", name, len(x), ld, want, columns))
		}
	}
	swap := func(transposed bool, rows, columns int) (int, int) {
		if transposed {
			return columns, rows
		}
		return rows, columns
	}
	if a.M < 0 || a.N < 0 || a.K < 0 {
		panic(fmt.Sprintf("kernels: MatMul: negative size %d x %d x %d", a.M, a.N, a.K))
	}
	need("C", a.C, a.LDC, a.M, a.N)
	if a.Alpha == 0 || a.M == 0 || a.N == 0 {
		return
	}
	rows, columns := swap(a.TransA, a.M, a.K)
	need("A", a.A, a.LDA, rows, columns)
	rows, columns = swap(a.TransB, a.K, a.N)
	need("B", a.B, a.LDB, rows, columns)
	if want := MatMulScratch(a.M, a.N, a.K); a.K > 0 && len(a.Scratch) < want {
		panic(fmt.Sprintf("kernels: MatMul: scratch of %d bytes, want %d", len(a.Scratch), want))
	}
}

// scratch divides the working memory into one tile, a block of A and a block of B,
// the first and the last on lines of the cache.
func (a *MatMulArgs) scratch() (edge, copied, packed []float32) {
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(a.Scratch))) & 63)
	all := floats(a.Scratch[skip:], (len(a.Scratch)-skip)/4)
	left := edgeValues + min(a.M, rowBlock)*paddedDepth
	return all[:edgeValues], all[edgeValues:left], all[left:]
}

// pack writes a block of op(B) as panels of [depth][t.columns], zero padded: slow
// subnormals must not come from old memory.
func (a *MatMulArgs) pack(t *floatTile, packed []float32, k, n, depth, columns int) {
	for j := 0; j < columns; j += t.columns {
		width, panel := min(t.columns, columns-j), packed[j*depth:][:t.columns*depth]
		if width < t.columns {
			clear(panel)
		}
		if a.TransB {
			t.transpose(panel, t.columns, a.B[(n+j)*a.LDB+k:], a.LDB, width, depth)
			continue
		}
		for i := range depth {
			copy(panel[i*t.columns:][:width], a.B[(k+i)*a.LDB+n+j:])
		}
	}
}

// left is a block of op(A) by rows: where it lies, or copied if it is transposed or
// if its rows would meet in one set of a cache.
func (a *MatMulArgs) left(t *floatTile, copied []float32, m, k, rows, depth int) ([]float32, int) {
	const sets = 2048 / 4
	switch {
	case a.TransA:
		t.transpose(copied, paddedDepth, a.A[k*a.LDA+m:], a.LDA, depth, rows)
	case a.LDA%sets == 0:
		for i := range rows {
			copy(copied[i*paddedDepth:][:depth], a.A[(m+i)*a.LDA+k:])
		}
	default:
		return a.A[m*a.LDA+k:], a.LDA
	}
	return copied, paddedDepth
}

// block is rows of A by the packed panels of B.
type block struct {
	*floatTile
	c                    []float32
	ldc                  int
	a                    []float32
	lda                  int
	packed               []float32
	depth, rows, columns int
	alpha, beta          float32
}

func (b *block) run(edge []float32) {
	for j := 0; j < b.columns; j += b.floatTile.columns {
		width := min(b.floatTile.columns, b.columns-j)
		panel := b.packed[j*b.depth:][:b.floatTile.columns*b.depth]
		for i := 0; i < b.rows; i += b.floatTile.rows {
			rows := min(b.floatTile.rows, b.rows-i)
			to, row := b.c[i*b.ldc+j:], b.a[i*b.lda:]
			if width%b.vector == 0 {
				b.floatTile.run(to, b.ldc, row, b.lda, panel, b.depth, rows, width, b.alpha, b.beta)
				continue
			}
			b.floatTile.run(edge, b.floatTile.columns, row, b.lda, panel, b.depth, rows, width, b.alpha, 0)
			for r := range rows {
				merge(to[r*b.ldc:][:width], edge[r*b.floatTile.columns:], b.beta)
			}
		}
	}
}

// merge computes c = x + beta*c.
func merge(c, x []float32, beta float32) {
	if beta == 0 {
		copy(c, x)
		return
	}
	for i := range c {
		c[i] = float32(x[i] + float32(beta*c[i]))
	}
}

func scaleRow(c []float32, beta float32) {
	if beta == 0 {
		clear(c)
		return
	}
	for i := range c {
		c[i] *= beta
	}
}

// Split is part part of parts of a: some of the rows or columns of C, whichever are
// more, in multiples of 32. The parts may run at the same time, each with a scratch
// of its own, and give what the whole gives.
func (a MatMulArgs) Split(part, parts int) MatMulArgs {
	share := func(size int) (from, to int) {
		units := (size + widestTile - 1) / widestTile
		return min(size, units*part/parts*widestTile), min(size, units*(part+1)/parts*widestTile)
	}
	if a.N >= a.M {
		from, to := share(a.N)
		a.N, a.C = to-from, a.C[min(from, len(a.C)):]
		if a.TransB {
			a.B = a.B[min(from*a.LDB, len(a.B)):]
		} else {
			a.B = a.B[min(from, len(a.B)):]
		}
		return a
	}
	from, to := share(a.M)
	a.M, a.C = to-from, a.C[min(from*a.LDC, len(a.C)):]
	if a.TransA {
		a.A = a.A[min(from, len(a.A)):]
	} else {
		a.A = a.A[min(from*a.LDA, len(a.A)):]
	}
	return a
}
