package kernels

import "unsafe"

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

// KVScratch is the working memory of a KVStore in bytes: a panel of quantised rows.
func KVScratch(headWidth int) int { return align64(PanelWidth * PadK(headWidth)) }

// KVStore quantises the keys and values of rows tokens, ld apart, and stores them
// from token pos on. Tokens may be stored again. scratch is KVScratch(HeadWidth)
// bytes.
func (s *Set) KVStore(kv *KV, pos, rows int, k, v []float32, ld int, scratch []byte) {
	width, depth := kv.HeadWidth, PadK(kv.HeadWidth)
	for row := 0; row < rows; {
		token := pos + row
		n := min(rows-row, PanelWidth-token%PanelWidth)
		panel := kv.K[token/PanelWidth*PanelWidth*depth:][:PanelWidth*depth]
		s.quantiseBytes(scratch, depth, k[row*ld:], ld, width, kv.KScale[token:][:n])
		for i := range n {
			scatter(panel[(token+i)%PanelWidth*GroupDepth:], scratch[i*depth:][:depth])
		}
		s.columnSums(kv.KSum[token/PanelWidth*PanelWidth:], panel, depth, scratch)
		s.quantiseBytes(scratch, depth, v[row*ld:], ld, width, kv.VScale[token:][:n])
		for i := 0; i < n; {
			to := kv.V[(token+i)/GroupDepth*PanelWidth*GroupDepth:]
			if (token+i)%GroupDepth == 0 && i+GroupDepth <= n {
				s.interleave(to, PanelWidth*PadK(kv.Capacity), scratch[i*depth:], depth, width)
				i += GroupDepth
				continue
			}
			for c, q := range scratch[i*depth:][:width] {
				to[c/PanelWidth*PanelWidth*PadK(kv.Capacity)+c%PanelWidth*GroupDepth+(token+i)%GroupDepth] = int8(q)
			}
			i++
		}
		row += n
	}
}

// scatter writes a row of bytes as one column of a panel.
func scatter(column []int8, row []byte) {
	_ = column[(len(row)/GroupDepth-1)*PanelWidth*GroupDepth:][:GroupDepth]
	to, from := unsafe.Pointer(unsafe.SliceData(column)), unsafe.Pointer(unsafe.SliceData(row))
	for g := range len(row) / GroupDepth {
		*(*[GroupDepth]int8)(unsafe.Add(to, g*PanelWidth*GroupDepth)) = *(*[GroupDepth]int8)(unsafe.Add(from, g*GroupDepth))
	}
}
