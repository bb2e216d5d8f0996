package kernels

import "math"

// RoPETable fills dst, [positions][headWidth/2][2], with cosines and sines of
// position * base^(-2i/headWidth) (Su et al. 2021, section 3.2.2).
func RoPETable(dst []float32, positions, headWidth int, base float64) {
	half := headWidth / 2
	for p := range positions {
		for i := range half {
			sin, cos := math.Sincos(float64(p) * math.Pow(base, -2*float64(i)/float64(headWidth)))
			dst[2*(p*half+i)], dst[2*(p*half+i)+1] = float32(cos), float32(sin)
		}
	}
}

// RoPE rotates the pairs (i, i+headWidth/2) of x in place by one position's row of
// a table: the pairing of GPT-NeoX and of Llama's Hugging Face weights.
func (s *Set) RoPE(x, table []float32) {
	half := len(x) / 2
	for i := range half {
		cos, sin := table[2*i], table[2*i+1]
		a, b := x[i], x[i+half]
		x[i] = float32(a*cos) - float32(b*sin)
		x[i+half] = float32(a*sin) + float32(b*cos)
	}
}
