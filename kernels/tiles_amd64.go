package kernels

// eachHeight calls f for rows rows in tiles of at most six, none of them much lower
// than another: first the higher ones, from row m on, then the others.
func eachHeight(rows int, f func(m, height, tiles int)) {
	tiles, height, higher := (rows+5)/6, rows, 0
	if tiles > 1 {
		height, higher = rows/tiles, rows%tiles
	}
	if higher > 0 {
		f(0, height+1, higher)
	}
	f(higher*(height+1), height, tiles-higher)
}

// operands are what a kernel takes of panels panels of b, from panel p on: nil for
// what b has none of.
type operands struct {
	data        *int8
	sum         *int32
	scale, bias *float32
}

func (b *right) operands(p, panels int) (o operands) {
	from, to := p*PanelWidth, (p+panels)*PanelWidth
	o.data = &b.data[p*b.stride]
	if b.scale != nil {
		o.scale = &b.scale[from:to][0]
	}
	if b.sum != nil {
		o.sum = &b.sum[from:to][0]
	}
	if b.bias != nil {
		o.bias = &b.bias[from:to][0]
	}
	return o
}
