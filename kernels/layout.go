package kernels

import "math"

// The packed layout of every int8 matrix: panels of PanelWidth columns, and in a
// panel groups of GroupDepth consecutive values of each column, zero padded:
// [PadN(N)/16][PadK(K)/4][16][4]int8. A group of a panel is one zmm, two ymm or
// four NEON registers, so all levels share the bytes.
const (
	PanelWidth = 16
	GroupDepth = 4
)

// PadN rounds a number of columns up to whole panels, PadK a depth to whole groups.
func PadN(n int) int { return (n + PanelWidth - 1) &^ (PanelWidth - 1) }
func PadK(k int) int { return (k + GroupDepth - 1) &^ (GroupDepth - 1) }

// Matrix is an int8 matrix of N columns (output channels) over depth K.
type Matrix struct {
	N, K  int
	Data  []int8    // packed
	Sum   []int32   // of each column's data, PadN(N)
	Scale []float32 // of each column, PadN(N)
	Bias  []float32 // nil or PadN(N)
}

// at is the index in Data of column n, depth k.
func (m *Matrix) at(n, k int) int {
	return n/PanelWidth*PanelWidth*PadK(m.K) + k/GroupDepth*PanelWidth*GroupDepth + n%PanelWidth*GroupDepth + k%GroupDepth
}

// PackMatrix quantises w, N x K row-major, symmetrically per output channel to
// [-127, 127] and packs it into dst, whose slices the caller provides.
func PackMatrix(dst *Matrix, w, bias []float32) {
	clear(dst.Data)
	for n := range PadN(dst.N) {
		dst.Sum[n], dst.Scale[n] = 0, 0
		if dst.Bias != nil {
			dst.Bias[n] = 0
		}
	}
	for n := range dst.N {
		dst.column(n, w[n*dst.K:(n+1)*dst.K], bias, n)
	}
}

// PackGated packs gate and up, F x K each, as one matrix whose panels alternate:
// N is 2*PadN(F).
func PackGated(dst *Matrix, gate, up, gateBias, upBias []float32, f, k int) {
	if dst.N != 2*PadN(f) || dst.K != k {
		panic("kernels: PackGated: wrong shape of the destination")
	}
	PackMatrix(dst, make([]float32, dst.N*k), nil)
	for i := range f {
		at := i/PanelWidth*2*PanelWidth + i%PanelWidth
		dst.column(at, gate[i*k:(i+1)*k], gateBias, i)
		dst.column(at+PanelWidth, up[i*k:(i+1)*k], upBias, i)
	}
}

// column quantises one channel into column n; its bias is bias[i].
func (m *Matrix) column(n int, w, bias []float32, i int) {
	amax := float32(0)
	for _, v := range w {
		amax = max(amax, float32(math.Abs(float64(v))))
	}
	if m.Bias != nil && bias != nil {
		m.Bias[n] = bias[i]
	}
	if amax < tiny {
		return
	}
	sum := int32(0)
	for k, v := range w {
		q := int32(math.RoundToEven(float64(v * (127 / amax))))
		m.Data[m.at(n, k)] = int8(q)
		sum += q
	}
	m.Sum[n], m.Scale[n] = sum, amax/127
}

// SumColumns makes the sums of m those of its data, whatever that is.
func (s *Set) SumColumns(m *Matrix) {
	depth := PadK(m.K)
	s.columnSums(m.Sum, m.Data, depth, make([]byte, 2*depth))
}

// columnSums adds up the columns of panels of data, as a product with ones, which
// are put into scratch.
func (s *Set) columnSums(dst []int32, data []int8, depth int, scratch []byte) {
	ones := scratch[:depth*s.valueBytes]
	for i := range ones {
		ones[i] = 1
		if s.valueBytes == 2 {
			ones[i] = byte(1 - i%2)
		}
	}
	for size := PanelWidth * depth; len(data) >= size; data = data[size:] {
		s.product(dst, PanelWidth, ones, len(ones), data[:size], depth/GroupDepth, 1, 1, size, nil)
		dst = dst[PanelWidth:]
	}
}

// FillMatrix fills m with full-range random weights of a scale that keeps
// activations near one: for timing without a float model.
func FillMatrix(m *Matrix, seed uint64) {
	fillBytes(m.Data, seed)
	groups := PadK(m.K) / GroupDepth
	clear(m.Sum)
	for at := 0; at < len(m.Data); at += GroupDepth {
		column := at / GroupDepth % PanelWidth
		n := at/(groups*PanelWidth*GroupDepth)*PanelWidth + column
		k := at / (PanelWidth * GroupDepth) % groups * GroupDepth
		group := m.Data[at : at+GroupDepth]
		for i := range group {
			if n >= m.N || k+i >= m.K {
				group[i] = 0
			}
			m.Sum[n] += int32(group[i])
		}
	}
	for n := range m.Scale {
		m.Scale[n] = 1 / (74 * float32(math.Sqrt(float64(m.K))))
	}
	clear(m.Bias)
}

// fillBytes fills data with random values in [-127, 127].
func fillBytes(data []int8, seed uint64) {
	state := seed*2862933555777941757 + 3037000493
	for i := range data {
		if i%8 == 0 {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
		}
		data[i] = max(int8(state>>(i%8*8)), -127)
	}
}

// Column unpacks the data of column n.
func (m *Matrix) Column(dst []int8, n int) {
	for k := range m.K {
		dst[k] = m.Data[m.at(n, k)]
	}
}
