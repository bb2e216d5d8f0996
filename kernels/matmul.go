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
// packed first, a block of A at once and a panel of B while the one before is
// multiplied. The sum over k is taken depthBlock at a time, or at once up to two of
// them, in order: neither tiles nor threads change a result.
const (
	cacheSets   = 4096 / 4 // values that lie so far apart meet in one set
	depthBlock  = 512
	rowBlock    = 264 // almost whole tiles at every level
	columnBlock = 1024
	fewRows     = 48        // do not pay for the packing of B
	keptValues  = 128 << 10 // stay in the second-level cache from one product to the next
	widestTile  = 32
	edgeValues  = 14 * widestTile // of the largest tile
)

// deepest is the largest block of a depth.
func deepest(k int) int {
	if k <= 2*depthBlock {
		return k
	}
	return depthBlock
}

// rowsAtOnce is what of A shares a cache with the panels of B.
func rowsAtOnce(m, k int) int {
	if m > rowBlock && deepest(k) > depthBlock {
		return rowBlock / 2
	}
	return min(m, rowBlock)
}

// apart is how far apart rows of a copy of A lie: they must not meet in one set.
func apart(depth int) int { return (depth+255)&^255 + 16 }

// MatMulScratch is the working memory of a MatMul in bytes, 4.8 MB at most.
func MatMulScratch(m, n, k int) int {
	columns := min(padded(n), columnBlock)
	if m <= rowBlock {
		columns = min(columns, 2*widestTile)
	}
	return 64 + 4*(edgeValues+rowsAtOnce(m, k)*apart(deepest(k))+columns*deepest(k))
}

func padded(n int) int { return (n + widestTile - 1) / widestTile * widestTile }

// floatTile computes tiles of a MatMul.
type floatTile struct {
	rows, columns int // of a whole tile
	vector        int // columns are written in multiples of it
	// run computes c = alpha*a*b + beta*c for one tile. With beta 0 it reads no c.
	run func(c []float32, ldc int, a []float32, lda int, b []float32, ldb, depth, rows, columns int, alpha, beta float32, next lines)
	// stack writes dst[i*columns+j] = src[i*lds+j] for j < columns.
	stack func(dst, src []float32, lds, rows int)
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
	for p := a.part(&s.tile, 0, 0, 0); p.depth > 0; p = p.next() {
		p.left(copied)
		p.run(edge, packed)
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
	left := edgeValues + rowsAtOnce(a.M, a.K)*apart(deepest(a.K))
	return all[:edgeValues], all[edgeValues:left], all[left:]
}

// part is a block of C by a block of the depth.
type part struct {
	*MatMulArgs
	tile                 *floatTile
	block, m, n, k       int // where it begins
	rows, columns, depth int
	beta                 float32
	a                    []float32 // the block of op(A) by rows
	lda                  int
}

func (a *MatMulArgs) part(t *floatTile, block, n, m int) part {
	blocks := (a.K + deepest(a.K) - 1) / deepest(a.K)
	p := part{MatMulArgs: a, tile: t, block: block, m: m, n: n, k: a.K * block / blocks,
		rows: min(rowsAtOnce(a.M, a.K), a.M-m), columns: min(columnBlock, a.N-n), beta: 1}
	p.depth = a.K*(block+1)/blocks - p.k
	if block == 0 {
		p.beta = a.Beta + 0 // -0 is 0
	}
	return p
}

// next has no depth if p is the last part.
func (p *part) next() part {
	switch {
	case p.m+p.rows < p.M:
		return p.part(p.tile, p.block, p.n, p.m+p.rows)
	case p.n+columnBlock < p.N:
		return p.part(p.tile, p.block, p.n+columnBlock, 0)
	case p.k+p.depth < p.K:
		return p.part(p.tile, p.block+1, 0, 0)
	}
	return part{}
}

// left finds the block of op(A): where it lies, or copied if it is transposed or if
// its rows would meet in one set of a cache.
func (p *part) left(copied []float32) {
	p.a, p.lda = copied, apart(p.depth)
	switch {
	case p.TransA:
		p.tile.transpose(copied, p.lda, p.A[p.k*p.LDA+p.m:], p.LDA, p.depth, p.rows)
	case p.LDA%cacheSets == 0:
		for i := range p.rows {
			copy(copied[i*p.lda:][:p.depth], p.A[(p.m+i)*p.LDA+p.k:])
		}
	default:
		p.a, p.lda = p.A[p.m*p.LDA+p.k:], p.LDA
	}
}

// run multiplies the rows with one panel after the other.
func (p *part) run(edge, packed []float32) {
	now, next := &panel{}, &panel{}
	p.panel(next, packed, 0)
	if next.pending {
		next.pack(p, p.depth)
	}
	for i := 0; i < p.columns; i += p.tile.columns {
		now, next = next, now
		p.panel(next, packed, i+p.tile.columns)
		p.column(edge, now, next)
	}
}

// column multiplies the rows with one panel. It shares them evenly among tiles:
// short ones are slow, and so are high ones whose rows meet in a quarter of the sets.
func (p *part) column(edge []float32, b, next *panel) {
	t := p.tile
	most := t.rows
	if p.lda%(cacheSets/4) == 0 {
		most = min(most, 12)
	}
	tiles := (p.rows + most - 1) / most
	for tile := range tiles {
		i := p.rows * tile / tiles
		rows := p.rows*(tile+1)/tiles - i
		c, a := p.C[(p.m+i)*p.LDC+b.n:], p.a[i*p.lda:]
		ahead := lines{at: &a[0]} // nothing new
		if next.pending {
			ahead = next.fetch(p, tiles)
		}
		if b.width%t.vector == 0 {
			t.run(c, p.LDC, a, p.lda, b.values, b.ld, p.depth, rows, b.width, p.Alpha, p.beta, ahead)
		} else {
			t.run(edge, t.columns, a, p.lda, b.values, b.ld, p.depth, rows, b.width, p.Alpha, 0, ahead)
			for r := range rows {
				merge(c[r*p.LDC:][:b.width], edge[r*t.columns:], p.beta)
			}
		}
		if next.pending {
			next.pack(p, next.fetched(p))
		}
	}
	if next.pending {
		next.pack(p, p.depth)
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
