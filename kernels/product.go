package kernels

// right is the packed right side of a product with what its sums are scaled by.
type right struct {
	data   []int8
	groups int // of the depth
	stride int // from panel to panel
	sum    []int32
	scale  []float32
	bias   []float32 // nil: none
}

// from is m without its first columns, a multiple of PanelWidth.
func (m *Matrix) from(column int) right {
	depth := PadK(m.K)
	r := right{data: m.Data[column*depth:], groups: depth / GroupDepth, stride: PanelWidth * depth, sum: m.Sum[column:], scale: m.Scale[column:]}
	if m.Bias != nil {
		r.bias = m.Bias[column:]
	}
	return r
}

// blockColumns is how many columns of sums are held at a time: what the widest
// tile takes.
const blockColumns = 64

// affine computes len(rowScale) rows of dst[n] = sum * (rowScale*scale[n]) +
// bias[n] + residual[n] for the int32 sums of a and b, and columns columns. acc
// holds some rows of blockColumns; with as many as dst it may be dst's memory.
// residual, nil or laid out as dst, may be dst.
func (s *Set) affine(dst []float32, ldd int, a []byte, lda int, rowScale []float32, b right, columns int, residual []float32, acc []int32) {
	if s.primitives.affine != nil {
		s.primitives.affine(dst, ldd, a, lda, rowScale, b, columns, residual)
		return
	}
	if step := len(acc) / blockColumns; step < len(rowScale) {
		for m := 0; m < len(rowScale); m += step {
			var add []float32
			if residual != nil {
				add = residual[m*ldd:]
			}
			s.affine(dst[m*ldd:], ldd, a[m*lda:], lda, rowScale[m:min(m+step, len(rowScale))], b, columns, add, acc)
		}
		return
	}
	for col := 0; col < columns; col += blockColumns {
		width := min(blockColumns, columns-col)
		panels := PadN(width) / PanelWidth
		var sum []int32
		if b.sum != nil {
			sum = b.sum[col:]
		}
		s.product(acc, blockColumns, a, lda, b.data[col/PanelWidth*b.stride:], b.groups, len(rowScale), panels, b.stride, sum)
		var bias []float32
		if b.bias != nil {
			bias = b.bias[col:][:width]
		}
		for i, r := range rowScale {
			at := i*ldd + col
			var add []float32
			if residual != nil {
				add = residual[at:][:width]
			}
			s.dequant(dst[at:][:width], acc[i*blockColumns:], r, b.scale[col:][:width], bias, add)
		}
	}
}

// check panics unless all operands of an affine are long enough.
func (b *right) check(dst []float32, ldd int, a []byte, lda, rows, columns int, residual []float32) {
	panels := PadN(columns) / PanelWidth
	_ = dst[(rows-1)*ldd:][:columns]
	_ = a[(rows-1)*lda:][:b.groups*GroupDepth]
	_ = b.data[(panels-1)*b.stride:][:b.groups*PanelWidth*GroupDepth]
	if residual != nil {
		_ = residual[(rows-1)*ldd:][:columns]
	}
}
