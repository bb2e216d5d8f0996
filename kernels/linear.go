package kernels

import (
	"math"
	"unsafe"
)

// Activation is the nonlinearity of a Linear.
type Activation uint8

const (
	None Activation = iota
	ReLU
	GELU // x Phi(x)
	SiLU
	Tanh
)

// LinearArgs are the operands of one Linear.
type LinearArgs struct {
	X         []float32 // [Rows][K], rows LDX apart
	LDX, Rows int
	W         *Matrix
	Dst       []float32 // [Rows][N], or [Rows][N/2] when Gated, rows LDD apart
	LDD       int
	Outputs   int       // columns of Dst to write; 0: all N (Gated: N/2)
	Residual  []float32 // nil, or laid out as Dst and added last; may be Dst
	Act       Activation
	Gated     bool // Dst = act(gate) * up; W is packed by PackGated
	// ColLo and ColHi select columns of W, multiples of 16 (32 when Gated); both 0:
	// all. Threads share a matrix of few rows by them.
	ColLo, ColHi int
	Scratch      []byte // LinearScratch(Rows, K) bytes
}

const (
	linearRows = 32       // quantised at once beside their sums, at most, at one byte a value
	mostRows   = 66       // quantised at once without, if they are not deep
	shallow    = 24 << 10 // bytes of those
)

// LinearScratch is the working memory in bytes of a Linear of so many rows of depth
// k: a block of quantised rows, of one byte a value or half as many of two, their
// scales and a block of int32 sums; or more rows, but no sums.
func LinearScratch(rows, k int) int {
	held := min(2*rows, linearRows)*stride(k) + 128 + 4*min(rows, linearRows)*blockColumns
	return max(held, min(min(rows, mostRows)*stride(k)+align64(4*mostRows), shallow))
}

// blockRows is how many of rows rows of depth k are quantised at once. All the weights
// are fetched again for each block: a level that holds no sums takes more rows, in
// whole tiles, if they still stay in the first-level cache.
func (s *Set) blockRows(rows, k int, sums bool) int {
	if sums || rows <= s.rowBlock {
		return min(rows, s.rowBlock)
	}
	const tile, cache = 6, 32 << 10
	most := min(LinearScratch(rows, k)-align64(4*mostRows), cache) / (s.valueBytes * stride(k)) / tile * tile
	if most = min(most, s.mostRows); most <= s.rowBlock {
		return s.rowBlock
	}
	blocks := (rows + most - 1) / most
	return min(rows, (rows+blocks*tile-1)/(blocks*tile)*tile)
}

func align64(n int) int { return (n + 63) &^ 63 }

// stride is the distance of quantised rows of n bytes: an odd number of cache
// lines, so that rows do not compete for the same places of a cache.
func stride(n int) int { return align64(n) | 64 }

// A matrix of more than streamed bytes does not stay in the second-level cache from
// one block of rows to the next. It is taken in equal parts of at most cached bytes, as
// few as do: quantising the rows again for each is cheaper than fetching it again for
// each block of them.
const (
	streamed = 3 << 19
	cached   = 5 << 18
)

// partColumns is how many columns of a matrix so many rows are multiplied with first.
func (s *Set) partColumns(rows, columns, depth int) int {
	if rows <= s.rowBlock || columns*depth <= streamed {
		return columns
	}
	parts := (columns*depth + cached - 1) / cached
	return (columns/parts + blockColumns - 1) / blockColumns * blockColumns
}

// Linear quantises each row of X, multiplies it with W exactly in int32 and writes
// act(X W + bias) + residual.
func (s *Set) Linear(a *LinearArgs) {
	lo, hi := a.ColLo, a.ColHi
	if hi == 0 {
		hi = PadN(a.W.N)
	}
	step := s.partColumns(a.Rows, hi-lo, PadK(a.W.K))
	if step == hi-lo {
		s.linear(a)
		return
	}
	for part := *a; lo < hi; lo += step {
		part.ColLo, part.ColHi = lo, min(lo+step, hi)
		s.linear(&part)
	}
}

func (s *Set) linear(a *LinearArgs) {
	w := a.W
	inPlace := !a.Gated && (a.Act == None || a.Residual == nil)
	sums := !inPlace || s.primitives.affine == nil
	lda, block := s.valueBytes*stride(w.K), s.blockRows(a.Rows, w.K, sums)
	scale, rest := floats(a.Scratch, block), a.Scratch[align64(4*block):]
	var acc []int32
	if sums {
		acc = ints(rest, block*blockColumns)
		rest = rest[4*len(acc):]
	}
	quantised := rest[:block*lda]
	for row := 0; row < a.Rows; row += block {
		rows := min(block, a.Rows-row)
		s.quantise(quantised, lda, a.X[row*a.LDX:], a.LDX, w.K, scale[:rows], s.offset)
		if inPlace {
			s.linearInPlace(a, row, quantised, lda, scale[:rows], acc)
		} else {
			s.linearByBlock(a, row, quantised, lda, scale[:rows], acc)
		}
	}
}

// columns are those of Dst that columns lo and up of W make, lo already scaled.
func (a *LinearArgs) columns() (lo, hi int) {
	hi = a.ColHi
	if hi == 0 {
		hi = PadN(a.W.N)
	}
	n := a.Outputs
	if n == 0 {
		n = a.W.N
		if a.Gated {
			n /= 2
		}
	}
	if a.Gated {
		return a.ColLo / 2, min(hi/2, n)
	}
	return a.ColLo, min(hi, n)
}

// linearInPlace computes a block of rows in Dst itself.
func (s *Set) linearInPlace(a *LinearArgs, row int, quantised []byte, lda int, scale []float32, acc []int32) {
	lo, hi := a.columns()
	if lo >= hi {
		return
	}
	var residual []float32
	if a.Residual != nil {
		residual = a.Residual[row*a.LDD+lo:]
	}
	dst := a.Dst[row*a.LDD+lo:]
	s.affine(dst, a.LDD, quantised, lda, scale, a.W.from(lo), hi-lo, residual, acc)
	if a.Act == None {
		return
	}
	for i := range scale {
		s.activate(a.Act, dst[i*a.LDD:][:hi-lo])
	}
}

// inDst is how many values of a gated layer's columns wait in Dst at once: as many as
// stay in the first-level cache.
const inDst = 24 << 10 / 4

// linearByBlock computes a block of rows through acc, where the activation is not
// the last step or takes two columns; gated ones through Dst, as long as it has room for
// twice as many columns.
func (s *Set) linearByBlock(a *LinearArgs, row int, quantised []byte, lda int, scale []float32, acc []int32) {
	lo, hi := a.columns()
	rows, per := len(scale), 1
	if a.Gated {
		per = 2
	}
	for width := 0; lo < hi; lo += width {
		width = min(blockColumns/per, hi-lo)
		x, ldx, to := floatsOf(acc), blockColumns, a.Dst[row*a.LDD+lo:]
		if wide := min(hi-lo, inDst/rows) / 2 / PanelWidth * PanelWidth; a.Gated && a.Residual == nil && wide >= width {
			width, x, ldx = wide, to, a.LDD
		}
		columns := PadN(width) * per
		s.affine(x, ldx, quantised, lda, scale, a.W.from(lo*per), columns, nil, acc)
		for i := range rows {
			x, dst := x[i*ldx:][:columns], to[i*a.LDD:][:width]
			if a.Gated {
				s.gate(a.Act, x[:width], x)
			} else {
				s.activate(a.Act, x[:width])
			}
			if a.Residual == nil {
				copy(dst, x)
				continue
			}
			for j, v := range a.Residual[(row+i)*a.LDD+lo:][:width] {
				dst[j] = float32(x[j] + v)
			}
		}
	}
}

// gate multiplies the activation of the even panels of x with the odd ones. dst
// may be the start of x.
func (s *Set) gate(act Activation, dst, x []float32) {
	if act == SiLU && s.siluGated != nil {
		s.siluGated(dst, x)
		return
	}
	if act == GELU && s.geluGated != nil {
		s.geluGated(dst, x)
		return
	}
	for p := 0; p < len(dst); p += PanelWidth {
		gate, up := x[2*p:][:PanelWidth], x[2*p+PanelWidth:][:PanelWidth]
		s.activate(act, gate)
		for i := range min(PanelWidth, len(dst)-p) {
			dst[p+i] = float32(gate[i] * up[i])
		}
	}
}

func (s *Set) activate(act Activation, x []float32) {
	switch act {
	case ReLU:
		for i, v := range x {
			x[i] = max(v, 0)
		}
	case GELU:
		s.gelu(x)
	case SiLU:
		s.silu(x)
	case Tanh:
		for i, v := range x {
			x[i] = float32(math.Tanh(float64(v)))
		}
	}
}

// floats and ints view bytes of a scratch block as 4-byte values.
func floats(b []byte, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b[:4*n]))), n)
}

func ints(b []byte, n int) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b[:4*n]))), n)
}

func floatsOf(x []int32) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}
