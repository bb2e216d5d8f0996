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

// The rows of a block of A, in the second-level cache, pass one panel of B after the
// other, a panel being a tile's width of columns. Both are read where they lie unless
// they are transposed, or their rows would meet in one set of a cache: then they are
// packed first, a block of A or a strip of B at a time. The sum over k is taken
// depthBlock at a time, in order: neither tiles nor threads change a result.
const (
	cacheSets   = 4096 / 4 // values that lie so far apart meet in one set
	depthBlock  = 512
	rowBlock    = 264 // whole tiles at every level
	columnBlock = 1024
	strip       = 256             // columns packed at a time
	fewRows     = 48              // do not pay for the packing of B
	paddedDepth = depthBlock + 16 // rows of a copy of A must not meet in one set of a cache
	widestTile  = 32
	edgeValues  = 12 * widestTile // of the largest tile
)

// MatMulScratch is the working memory of a MatMul in bytes, 2.7 MB at most.
func MatMulScratch(m, n, k int) int {
	return 64 + 4*(edgeValues+min(m, rowBlock)*paddedDepth+min(padded(n), columnBlock)*min(k, depthBlock))
}

func padded(n int) int { return (n + widestTile - 1) / widestTile * widestTile }

// floatTile computes tiles of a MatMul.
type floatTile struct {
	rows, columns int // of a whole tile
	vector        int // columns are written in multiples of it
	// run computes c = alpha*a*b + beta*c for one tile. With beta 0 it reads no c.
	run func(c []float32, ldc int, a []float32, lda int, b []float32, ldb, depth, rows, columns int, alpha, beta float32)
	// spread writes dst[p*stride+i] = src[p*columns+i] for i < columns; lds further
	// lies the next row.
	spread func(dst []float32, stride int, src []float32, lds, panels int)
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
	edge, copied, packed := a.scratch()
	blocks := (a.K + depthBlock - 1) / depthBlock
	for block := range blocks {
		p := part{MatMulArgs: a, tile: &s.tile, k: a.K * block / blocks, beta: 1}
		p.depth = a.K*(block+1)/blocks - p.k
		if block == 0 {
			p.beta = a.Beta + 0 // -0 is 0
		}
		for p.n = 0; p.n < a.N; p.n += columnBlock {
			for p.m = 0; p.m < a.M; p.m += rowBlock {
				p.rows, p.columns = min(rowBlock, a.M-p.m), min(columnBlock, a.N-p.n)
				p.left(copied)
				p.run(edge, packed)
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

// part is a block of C by a block of the depth.
type part struct {
	*MatMulArgs
	tile                 *floatTile
	m, n, k              int // where it begins
	rows, columns, depth int
	beta                 float32
	a                    []float32 // the block of op(A) by rows
	lda                  int
}

// left finds the block of op(A): where it lies, or copied if it is transposed or if
// its rows would meet in one set of a cache.
func (p *part) left(copied []float32) {
	p.a, p.lda = copied, paddedDepth
	switch {
	case p.TransA:
		p.tile.transpose(copied, paddedDepth, p.A[p.k*p.LDA+p.m:], p.LDA, p.depth, p.rows)
	case p.LDA%cacheSets == 0:
		for i := range p.rows {
			copy(copied[i*paddedDepth:][:p.depth], p.A[(p.m+i)*p.LDA+p.k:])
		}
	default:
		p.a, p.lda = p.A[p.m*p.LDA+p.k:], p.LDA
	}
}

// run multiplies the rows with one panel after the other. What must be packed is, by
// the first rows, and kept if there are others.
func (p *part) run(edge, packed []float32) {
	t := p.tile
	inPlace := !p.TransB && (p.LDB%cacheSets != 0 || p.M <= fewRows)
	for j := 0; j < p.columns; j += strip {
		n, width, panels := p.n+j, min(strip, p.columns-j), packed
		if p.M > rowBlock {
			panels = packed[j*p.depth:]
		}
		if p.m == 0 && !inPlace {
			p.pack(panels, n, width)
		}
		for i := 0; i < width; i += t.columns {
			panel, ldb, wide := panels[i*p.depth:], t.columns, min(t.columns, width-i)
			switch {
			case inPlace && wide%t.vector == 0:
				panel, ldb = p.B[p.k*p.LDB+n+i:], p.LDB
			case inPlace:
				p.pack(panel, n+i, wide)
			}
			p.column(edge, panel, ldb, n+i, wide)
		}
	}
}

// pack writes width columns of op(B) as panels of [depth][tile.columns], zero
// padded: subnormals of old memory would be slow.
func (p *part) pack(panels []float32, n, width int) {
	t := p.tile
	stride, whole := t.columns*p.depth, width/t.columns
	last := panels[whole*stride:]
	if width%t.columns > 0 {
		clear(last[:stride])
	}
	if p.TransB {
		for i := 0; i < width; i += t.columns {
			t.transpose(panels[i*p.depth:], t.columns, p.B[(n+i)*p.LDB+p.k:], p.LDB, min(t.columns, width-i), p.depth)
		}
		return
	}
	for i := range p.depth {
		row := p.B[(p.k+i)*p.LDB+n:][:width]
		if whole > 0 {
			t.spread(panels[i*t.columns:], stride, row, p.LDB, whole)
		}
		if whole*t.columns < width {
			copy(last[i*t.columns:], row[whole*t.columns:])
		}
	}
}

// column multiplies the rows with one panel. It shares them evenly among tiles:
// short ones are slow.
func (p *part) column(edge, panel []float32, ldb, n, width int) {
	t := p.tile
	tiles := (p.rows + t.rows - 1) / t.rows
	for tile := range tiles {
		i := p.rows * tile / tiles
		rows := p.rows*(tile+1)/tiles - i
		c, a := p.C[(p.m+i)*p.LDC+n:], p.a[i*p.lda:]
		if width%t.vector == 0 {
			t.run(c, p.LDC, a, p.lda, panel, ldb, p.depth, rows, width, p.Alpha, p.beta)
			continue
		}
		t.run(edge, t.columns, a, p.lda, panel, ldb, p.depth, rows, width, p.Alpha, 0)
		for r := range rows {
			merge(c[r*p.LDC:][:width], edge[r*t.columns:], p.beta)
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
