package nn

import "math"

// rotaryTable is [T][D]: of each position the cosines, then the sines of its angles,
// D/2 each.
func rotaryTable[F Float](t, d int) []F {
	table := make([]F, t*d)
	for p := range t {
		for i := range d / 2 {
			sin, cos := math.Sincos(float64(p) * math.Pow(RotaryBase, -2*float64(i)/float64(d)))
			table[p*d+i], table[p*d+d/2+i] = F(cos), F(sin)
		}
	}
	return table
}

// rotate turns the pairs (i, i+D/2) of every head of x[M][heads][D] in place by the
// angles of the row's position; back turns them back, which is the backward of it.
func rotate[F Float](e *Exec[F], x, table []F, m, t, heads, d int, back bool) {
	e.parallel(m, func(_, from, to int) {
		for i := from; i < to; i++ {
			row := table[i%t*d:][:d]
			cos, sin := row[:d/2], row[d/2:]
			for h := range heads {
				head := x[(i*heads+h)*d:][:d]
				low, high := head[:d/2], head[d/2:]
				for j, c := range cos {
					s := sin[j]
					if back {
						s = -s
					}
					low[j], high[j] = low[j]*c-high[j]*s, low[j]*s+high[j]*c
				}
			}
		}
	})
}
