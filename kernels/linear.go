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
	Scratch      []byte // LinearScratch(K) bytes
}

const (
	linearRows    = 24 // rows quantised at once at one byte a value
	linearColumns = 64 // columns of a block: what the widest tile takes
)

// LinearScratch is the working memory of a Linear of depth k in bytes: a block of
// quantised rows, their scales and a block of int32 sums.
func LinearScratch(k int) int { return align64(linearRows*PadK(k) + 8192) }

func align64(n int) int { return (n + 63) &^ 63 }

// Linear quantises each row of X, multiplies it with W exactly in int32 and writes
// act(X W + bias) + residual.
func (s *Set) Linear(a *LinearArgs) {
	w := a.W
	depth := PadK(w.K)
	lda := depth * s.valueBytes
	block := linearRows / s.valueBytes
	scales := floats(a.Scratch, linearRows)
	acc := ints(a.Scratch[128:], linearRows*linearColumns)
	quantised := a.Scratch[128+4*linearRows*linearColumns:][:block*lda]
	hi := a.ColHi
	if hi == 0 {
		hi = PadN(w.N)
	}
	for row := 0; row < a.Rows; row += block {
		rows := min(block, a.Rows-row)
		for i := range rows {
			scales[i] = s.quantise(quantised[i*lda:][:lda], a.X[(row+i)*a.LDX:][:w.K], s.offset)
		}
		for col := a.ColLo; col < hi; col += linearColumns {
			panels := min(linearColumns, hi-col) / PanelWidth
			s.product(acc, linearColumns, quantised, lda, w.Data[col*depth:], depth/GroupDepth, rows, panels, PanelWidth*depth, w.Sum[col:])
			for i := range rows {
				s.epilogue(a, row+i, col, panels*PanelWidth, acc[i*linearColumns:], scales[i])
			}
		}
	}
}

// epilogue turns one row of a block of sums into outputs.
func (s *Set) epilogue(a *LinearArgs, row, col, width int, acc []int32, scale float32) {
	if a.Gated {
		s.gatedEpilogue(a, row, col, width, acc, scale)
		return
	}
	n := a.Outputs
	if n == 0 {
		n = a.W.N
	}
	width = min(width, n-col)
	if width <= 0 {
		return
	}
	dst := a.Dst[row*a.LDD+col:][:width]
	var bias, residual []float32
	if a.W.Bias != nil {
		bias = a.W.Bias[col:][:width]
	}
	if a.Residual != nil {
		residual = a.Residual[row*a.LDD+col:][:width]
	}
	if a.Act == None {
		s.dequant(dst, acc, scale, a.W.Scale[col:][:width], bias, residual)
		return
	}
	block := floatsOf(acc[:width]) // the sums are not needed after
	s.dequant(block, acc, scale, a.W.Scale[col:][:width], bias, nil)
	s.activate(a.Act, block)
	for i, v := range block {
		if residual != nil {
			v = float32(v + residual[i])
		}
		dst[i] = v
	}
}

func (s *Set) gatedEpilogue(a *LinearArgs, row, col, width int, acc []int32, scale float32) {
	n := a.Outputs
	if n == 0 {
		n = a.W.N / 2
	}
	block := floatsOf(acc[:width])
	var bias []float32
	if a.W.Bias != nil {
		bias = a.W.Bias[col:][:width]
	}
	s.dequant(block, acc, scale, a.W.Scale[col:][:width], bias, nil)
	for p := 0; p < width; p += 2 * PanelWidth {
		out := (col + p) / 2
		gate, up := block[p:][:PanelWidth], block[p+PanelWidth:][:PanelWidth]
		s.activate(a.Act, gate)
		for i := range min(PanelWidth, n-out) {
			v := float32(gate[i] * up[i])
			at := row*a.LDD + out + i
			if a.Residual != nil {
				v = float32(v + a.Residual[at])
			}
			a.Dst[at] = v
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
