package kernels

import "unsafe"

// panel is a tile's width of columns of op(B).
type panel struct {
	values   []float32
	ld       int
	n, width int
	pending  bool  // its lines are not at hand: they are fetched while tiles are computed
	packed   int   // rows that lie in values
	source   block // of B, if pending
}

// panel makes b the one that begins at a column of the part, if there is one.
func (p *part) panel(b *panel, packed []float32, column int) {
	b.pending = false
	if column >= p.columns {
		return
	}
	t := p.tile
	b.n, b.width, b.ld = p.n+column, min(t.columns, p.columns-column), t.columns
	inPlace := !p.TransB && (p.LDB%cacheSets != 0 || p.M <= fewRows) && b.width%t.vector == 0
	switch {
	case inPlace:
		b.values, b.ld, b.packed = p.B[p.k*p.LDB+b.n:], p.LDB, p.depth
		b.pending = p.m == 0 && p.N*p.K > keptValues
	case p.M > rowBlock: // the first rows pack it for all
		b.values, b.packed = packed[column*p.depth:], 0
		b.pending = p.m == 0
	default: // the other of two
		b.values, b.packed = packed[column/t.columns%2*t.columns*p.depth:], 0
		b.pending = true
	}
	switch {
	case !b.pending:
	case p.TransB:
		b.source = block{values: p.B[b.n*p.LDB+p.k:], ld: p.LDB, rows: b.width, columns: p.depth}
	default:
		b.source = block{values: p.B[p.k*p.LDB+b.n:], ld: p.LDB, rows: p.depth, columns: b.width}
	}
}

// fetch is a tile's share of the lines to come. Of a transposed operand a tile takes
// all rows, or half of them, so that every other has whole lines.
func (b *panel) fetch(p *part, tiles int) lines {
	share := (p.depth + tiles - 1) / tiles
	if half := p.tile.columns / 2; p.TransB {
		share = half * min(2, (share+half-1)/half)
	}
	return b.source.fetch(share, p.tile.columns)
}

// fetched counts the rows of the panel that tiles have fetched.
func (b *panel) fetched(p *part) int {
	switch {
	case p.TransB:
		return b.source.column
	case b.source.column > 0:
		return p.depth
	}
	return b.source.row
}

// pack brings rows, up to one of them, into values, zero padded: subnormals of old
// memory would be slow.
func (b *panel) pack(p *part, to int) {
	t, from := p.tile, b.packed
	rows := to - from
	if rows <= 0 {
		return
	}
	dst := b.values[from*t.columns:]
	b.packed = to
	if b.width < t.columns {
		clear(dst[:rows*t.columns])
	}
	switch src := b.source.values; {
	case p.TransB:
		t.transpose(dst, t.columns, src[from:], p.LDB, b.width, rows)
	case b.width == t.columns:
		t.stack(dst, src[from*p.LDB:], p.LDB, rows)
	default:
		for i := range rows {
			copy(dst[i*t.columns:], src[(from+i)*p.LDB:][:b.width])
		}
	}
}

// block is a part of an operand, fetched from top to bottom a tile's columns at a time.
type block struct {
	values            []float32
	ld, rows, columns int
	row, column       int // the next to fetch
}

// lines are rows, ld values apart, that a tile fetches into the second-level cache
// while it computes, one in eight steps. Where there is nothing to fetch they are one
// that is at hand: an address that is not mapped would be slow.
type lines struct {
	at       *float32
	ld, rows int
}

func (b *block) fetch(rows, columns int) lines {
	if b.column >= b.columns {
		return lines{at: unsafe.SliceData(b.values)}
	}
	rows = min(rows, b.rows-b.row)
	l := lines{&b.values[b.row*b.ld+b.column], b.ld, rows}
	b.row += rows
	if b.row == b.rows {
		b.row, b.column = 0, min(b.columns, b.column+columns)
	}
	return l
}
