package kernels

import "math"

// KV holds the int8 keys and values of one head for up to Capacity tokens. Both
// are packed like matrices, so that attention's products are the linear's: keys
// with tokens as columns over the head width, values with the head width as
// columns over tokens.
type KV struct {
	HeadWidth, Capacity int
	K                   []int8    // PadN(Capacity)/16 panels of depth PadK(HeadWidth)
	KScale              []float32 // of each token's key, PadN(Capacity)
	KSum                []int32   // of each token's key, PadN(Capacity)
	V                   []int8    // PadN(HeadWidth)/16 panels of depth PadK(Capacity)
	VScale              []float32 // of each token's value, PadN(Capacity)
}

// KVBytes is the size of a KV's slices.
func KVBytes(headWidth, capacity int) int {
	return PadN(capacity)*PadK(headWidth) + PadN(headWidth)*PadK(capacity) + 12*PadN(capacity)
}

// KVStore quantises one token's key and value and stores them at token pos.
// Tokens may be stored again.
func (s *Set) KVStore(kv *KV, pos int, k, v []float32) {
	var inverse float32
	depth, sum := PadK(kv.HeadWidth), int32(0)
	kv.KScale[pos], inverse = scales(s.amax(k))
	panel := kv.K[pos/PanelWidth*PanelWidth*depth+pos%PanelWidth*GroupDepth:]
	for i := range depth { // the padding too: an offset in A must meet zeros
		q := int8(0)
		if i < len(k) && inverse != 0 {
			q = int8(roundByte(float32(k[i] * inverse)))
		}
		sum += int32(q)
		panel[i/GroupDepth*PanelWidth*GroupDepth+i%GroupDepth] = q
	}
	kv.KSum[pos] = sum
	kv.VScale[pos], inverse = scales(s.amax(v))
	depth = PadK(kv.Capacity)
	at := pos/GroupDepth*PanelWidth*GroupDepth + pos%GroupDepth
	for i, x := range v {
		q := int8(0)
		if inverse != 0 {
			q = int8(roundByte(float32(x * inverse)))
		}
		kv.V[at+i/PanelWidth*PanelWidth*depth+i%PanelWidth*GroupDepth] = q
	}
}

// attentionRows is how many queries are worked on at a time.
const attentionRows = 12

// AttentionScratch is the working memory of an Attention in bytes: quantised
// queries, scores, quantised probabilities and int32 sums of 12 rows.
func AttentionScratch(headWidth, context int) int {
	return align64(attentionRows*(2*PadK(headWidth)+6*PadN(context)+4*PadN(headWidth)) + 256)
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
	Scratch   []byte // AttentionScratch(HeadWidth, Context) bytes
}

// Attention is softmax(Q K^T / sqrt(HeadWidth)) V. Both products are int8: queries
// are quantised per row, probabilities, weighted with the scales of the values,
// per row to 0…127. The softmax is float32.
func (s *Set) Attention(a *AttentionArgs) {
	kv := a.KV
	depth, columns := PadK(kv.HeadWidth), PadN(a.Context)
	width := PadN(kv.HeadWidth)
	scores := ints(a.Scratch[256:], attentionRows*columns)
	rest := a.Scratch[256+4*attentionRows*columns:]
	sums := ints(rest, attentionRows*width)
	rest = rest[4*attentionRows*width:]
	queries := rest[:2*attentionRows*depth]
	chances := rest[2*attentionRows*depth:][:2*attentionRows*columns]
	lda, ldp := depth*s.valueBytes, columns*s.valueBytes
	base2 := float32(math.Log2E / math.Sqrt(float64(kv.HeadWidth))) // e^(x/root) = 2^(x*base2)

	for row := 0; row < a.Rows; row += attentionRows {
		rows := min(attentionRows, a.Rows-row)
		var scale, outScale [attentionRows]float32
		for i := range rows {
			scale[i] = s.quantise(queries[i*lda:][:lda], a.Q[(row+i)*a.LDQ:][:kv.HeadWidth], s.offset) * base2
		}
		seen := a.Context
		if a.Causal {
			seen = min(seen, a.Offset+row+rows)
		}
		panels := PadN(seen) / PanelWidth
		s.product(scores, columns, queries, lda, kv.K, depth/GroupDepth, rows, panels, PanelWidth*depth, kv.KSum)
		for i := range rows {
			limit := seen
			if a.Causal {
				limit = min(seen, a.Offset+row+i+1)
			}
			outScale[i] = s.probabilities(chances[i*ldp:][:PadK(seen)*s.valueBytes], scores[i*columns:][:limit], scale[i], kv)
		}
		s.product(sums, width, chances, ldp, kv.V, PadK(seen)/GroupDepth, rows, width/PanelWidth, PanelWidth*PadK(kv.Capacity), nil)
		for i := range rows {
			dst := a.Dst[(row+i)*a.LDD:][:kv.HeadWidth]
			for d := range dst {
				dst[d] = float32(float32(sums[i*width+d]) * outScale[i])
			}
		}
	}
}

// probabilities turns one row of int32 scores into quantised softmax(scores) *
// VScale, zero beyond the scores, and returns the scale of the row's output. The
// values are not negative, so they need no offset at any level.
func (s *Set) probabilities(dst []byte, scores []int32, scale float32, kv *KV) float32 {
	x := floatsOf(scores)
	s.dequant(x, scores, scale, kv.KScale[:len(x)], nil, nil)
	sum := s.exp(x, s.maximum(x))
	s.multiply(x, kv.VScale[:len(x)])
	clear(dst[PadK(len(x))*s.valueBytes:])
	return s.quantise(dst, x, 0) / sum
}
