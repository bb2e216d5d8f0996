package kernels

import "math"

// RoPETable fills dst, [positions][2][headWidth/2], with the cosines and then the
// sines of position * base^(-2i/headWidth) (Su et al. 2021, section 3.2.2).
func RoPETable(dst []float32, positions, headWidth int, base float64) {
	half := headWidth / 2
	for p := range positions {
		row := dst[p*headWidth:][:headWidth]
		for i := range half {
			sin, cos := math.Sincos(float64(p) * math.Pow(base, -2*float64(i)/float64(headWidth)))
			row[i], row[half+i] = float32(cos), float32(sin)
		}
	}
}

// RoPE rotates the pairs (i, i+headWidth/2) of x in place by one position's row of
// a table: the pairing of GPT-NeoX and of Llama's Hugging Face weights.
func (s *Set) RoPE(x, table []float32) { s.rotate(x, table) }
