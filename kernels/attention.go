package kernels

import "math"

// attentionRows is how many queries are worked on at a time.
const attentionRows = 32

// sumRows is how many rows of int32 sums are held where a level needs them.
const sumRows = 12

// AttentionScratch is the working memory in bytes of an Attention of so many
// queries: of a block of them, half as large where values take two bytes, the
// quantised values, scores and quantised probabilities; and int32 sums.
func AttentionScratch(rows, headWidth, context int) int {
	return min(2*rows, attentionRows)*(stride(headWidth)+stride(context)) + 4*min(rows, attentionRows)*PadN(context) +
		4*min(rows, sumRows)*blockColumns + 4*PadN(headWidth) + 256
}

// AttentionArgs are the operands of one head's Attention.
type AttentionArgs struct {
	Q         []float32 // [Rows][HeadWidth], rows LDQ apart
	LDQ, Rows int
	KV        *KV
	Context   int  // tokens stored in KV
	Causal    bool // row i looks at tokens 0…Offset+i, else at all
	Offset    int
	Dst       []float32 // [Rows][HeadWidth], rows LDD apart
	LDD       int
	Scratch   []byte // AttentionScratch(Rows, HeadWidth, Context) bytes
}

// Attention is softmax(Q K^T / sqrt(HeadWidth)) V. Both products are int8: queries
// are quantised per row, probabilities, weighted with the scales of the values,
// per row to 0…127. The softmax is float32. Scores of 32 rows at a time exist, in
// the first-level cache up to a context of 512.
//
// A query that holds a NaN or an infinity makes its row NaN, a key or a value every
// row that looks at it.
func (s *Set) Attention(a *AttentionArgs) {
	kv := a.KV
	depth, columns := PadK(kv.HeadWidth), PadN(a.Context)
	scale, inverse := floats(a.Scratch, attentionRows), floats(a.Scratch[128:], attentionRows)
	rest := a.Scratch[256:]
	ones := floats(rest, PadN(kv.HeadWidth))
	for i := range ones {
		ones[i] = 1
	}
	rest = rest[4*len(ones):]
	block := min(attentionRows/s.valueBytes, a.Rows)
	scores := floats(rest, block*columns)
	rest = rest[4*block*columns:]
	acc := ints(rest, min(sumRows, block)*blockColumns)
	rest = rest[4*len(acc):]
	lda, ldp := s.valueBytes*stride(kv.HeadWidth), s.valueBytes*stride(a.Context)
	queries, chances := rest[:block*lda], rest[block*lda:][:block*ldp]
	base2 := float32(math.Log2E / math.Sqrt(float64(kv.HeadWidth))) // e^(x/root) = 2^(x*base2)

	for row := 0; row < a.Rows; row += block {
		rows := min(block, a.Rows-row)
		scale := scale[:rows]
		s.quantise(queries, lda, a.Q[row*a.LDQ:], a.LDQ, kv.HeadWidth, scale, s.offset)
		for i := range scale {
			scale[i] *= base2
		}
		seen, limit, grow := a.Context, a.Context, 0
		if a.Causal {
			seen, limit, grow = min(seen, a.Offset+row+rows), a.Offset+row+1, 1
		}
		keys := right{data: kv.K, groups: depth / GroupDepth, stride: PanelWidth * depth, sum: kv.KSum, scale: kv.KScale}
		s.affine(scores, columns, queries, lda, scale, keys, seen, nil, acc)
		s.softmax(chances, ldp, scores, columns, limit, grow, PadK(seen), kv.VScale, scale, inverse)
		values := right{data: kv.V, groups: PadK(seen) / GroupDepth, stride: PanelWidth * PadK(kv.Capacity), scale: ones}
		s.affine(a.Dst[row*a.LDD:], a.LDD, chances, ldp, scale, values, kv.HeadWidth, nil, acc)
	}
}

// softmax turns rows of scores, limit in the first and grow more in each further,
// into quantised 2^(score-max) * weight, zeros up to padded values, and writes the
// scales of what they are multiplied to. The values are not negative, so they need
// no offset at any level.
func (s *Set) softmax(dst []byte, ldd int, x []float32, ldx, limit, grow, padded int, weight, scale, inverse []float32) {
	if s.softmaxRows != nil {
		s.softmaxRows(dst, ldd, x, ldx, limit, grow, padded, weight, scale, inverse)
		return
	}
	for i := range scale {
		n := limit + i*grow
		row, q := x[i*ldx:][:n], dst[i*ldd:][:padded*s.valueBytes]
		sum := s.exp(row, s.maximum(row))
		s.multiply(row, weight[:n])
		clear(q[PadK(n)*s.valueBytes:])
		scale[i] = s.quantiseRow(q, row, s.round, s.valueBytes, 0) / sum
	}
}
