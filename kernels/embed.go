package kernels

import "math"

// Table is an embedding table: int8 rows with a scale each.
type Table struct {
	Rows, Width int
	Data        []int8    // [Rows][Width]
	Scale       []float32 // [Rows]
}

// PackTable quantises w, Rows x Width, symmetrically per row.
func PackTable(dst *Table, w []float32) {
	for r := range dst.Rows {
		row := w[r*dst.Width:][:dst.Width]
		amax := float32(0)
		for _, v := range row {
			amax = max(amax, float32(math.Abs(float64(v))))
		}
		out := dst.Data[r*dst.Width:][:dst.Width]
		clear(out)
		dst.Scale[r] = 0
		if amax < tiny {
			continue
		}
		dst.Scale[r] = amax / 127
		for i, v := range row {
			out[i] = int8(math.RoundToEven(float64(v * (127 / amax))))
		}
	}
}

// FillTable fills t with random rows of magnitude near one.
func FillTable(t *Table, seed uint64) {
	fillBytes(t.Data, seed)
	for i := range t.Scale {
		t.Scale[i] = 1.0 / 74
	}
}

// Prefetch asks for row r, which a Gather wants soon: rows of a vocabulary come from
// memory, each from another page.
func (t *Table) Prefetch(r int) { prefetch(&t.Data[r*t.Width], t.Width) }

// Gather writes row r of t to dst, or adds it.
func (s *Set) Gather(dst []float32, t *Table, r int, add bool) {
	s.gather(dst[:t.Width], t.Data[r*t.Width:][:t.Width], t.Scale[r], add)
}

// GatherColumn writes column n of m to dst, or adds it: the embedding of token n
// where the head's matrix is tied.
func (s *Set) GatherColumn(dst []float32, m *Matrix, n int, add bool) {
	scale := m.Scale[n]
	column := m.Data[m.at(n, 0):]
	for k := range m.K {
		v := float32(float32(column[k/GroupDepth*PanelWidth*GroupDepth+k%GroupDepth]) * scale)
		if add {
			v = float32(dst[k] + v)
		}
		dst[k] = v
	}
}
