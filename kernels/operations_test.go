package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func newMatrix(n, k int, bias bool) *Matrix {
	m := &Matrix{N: n, K: k, Data: make([]int8, PadN(n)*PadK(k)), Sum: make([]int32, PadN(n)), Scale: make([]float32, PadN(n))}
	if bias {
		m.Bias = make([]float32, PadN(n))
	}
	return m
}

// A packed matrix unpacks to what symmetric rounding per channel gives.
func TestPackMatrix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range [][2]int{{1, 1}, {16, 4}, {17, 5}, {40, 26}, {3, 70}} {
		n, k := c[0], c[1]
		w := normals(r, n*k)
		clear(w[:k]) // a channel without weights
		m := newMatrix(n, k, true)
		PackMatrix(m, w, normals(r, n))
		column := make([]int8, k)
		for i := range n {
			m.Column(column, i)
			sum := int32(0)
			for j, q := range column {
				sum += int32(q)
				if got, want := float64(q)*float64(m.Scale[i]), float64(w[i*k+j]); math.Abs(got-want) > float64(m.Scale[i])*0.5001 {
					t.Fatalf("%dx%d: [%d][%d] is %v, want %v", n, k, i, j, got, want)
				}
			}
			if sum != m.Sum[i] {
				t.Errorf("%dx%d: sum of column %d is %d, want %d", n, k, i, m.Sum[i], sum)
			}
		}
		for _, set := range sets(t) {
			other := *m
			other.Sum = make([]int32, len(m.Sum))
			if set.SumColumns(&other); !slices.Equal(other.Sum, m.Sum) {
				t.Errorf("%dx%d at %v: sums %v, want %v", n, k, set.Level(), other.Sum, m.Sum)
			}
		}
	}
}

type linearCase struct {
	rows, n, k            int
	act                   Activation
	bias, residual, gated bool
}

func (c linearCase) String() string {
	return fmt.Sprintf("%dx%dx%d act %d bias %t residual %t gated %t", c.rows, c.n, c.k, c.act, c.bias, c.residual, c.gated)
}

// exact is the layer in float64 on the unpacked weights.
func (c linearCase) exact(x []float32, w, gate *Matrix, residual []float32) []float64 {
	y := make([]float64, c.rows*c.n)
	column := make([]int8, c.k)
	dot := func(m *Matrix, row, i int) float64 {
		m.Column(column, i)
		v := 0.0
		for j, q := range column {
			v += float64(x[row*c.k+j]) * float64(q) * float64(m.Scale[i])
		}
		if c.bias {
			v += float64(m.Bias[i])
		}
		return v
	}
	act := func(v float64) float64 {
		switch c.act {
		case ReLU:
			return max(v, 0)
		case GELU:
			return v * (1 + math.Erf(v/math.Sqrt2)) / 2
		case SiLU:
			return v / (1 + math.Exp(-v))
		case Tanh:
			return math.Tanh(v)
		}
		return v
	}
	for row := range c.rows {
		for i := range c.n {
			v := dot(w, row, i)
			if c.gated {
				v *= act(dot(gate, row, i))
			} else {
				v = act(v)
			}
			if c.residual {
				v += float64(residual[row*c.n+i])
			}
			y[row*c.n+i] = v
		}
	}
	return y
}

// Linear in all its forms against float64, within the rounding of its activations,
// and the same bits at every level however its columns are shared.
func TestLinear(t *testing.T) {
	var cases []linearCase
	for _, shape := range [][3]int{{1, 1, 1}, {1, 70, 33}, {5, 16, 64}, {13, 40, 26}, {25, 130, 100}, {50, 64, 312}} {
		for act := None; act <= Tanh; act++ {
			for form := range 8 {
				cases = append(cases, linearCase{shape[0], shape[1], shape[2], act, form&1 > 0, form&2 > 0, form&4 > 0})
			}
		}
	}
	for _, c := range cases {
		r := rand.New(rand.NewPCG(uint64(c.k), uint64(c.act)))
		x, residual := normals(r, c.rows*c.k), normals(r, c.rows*c.n)
		weights, gates, bias, gateBias := normals(r, c.n*c.k), normals(r, c.n*c.k), normals(r, c.n), normals(r, c.n)
		up, gate := newMatrix(c.n, c.k, c.bias), newMatrix(c.n, c.k, c.bias)
		PackMatrix(up, weights, bias)
		PackMatrix(gate, gates, gateBias)
		used := up
		if c.gated {
			used = newMatrix(2*PadN(c.n), c.k, c.bias)
			PackGated(used, gates, weights, gateBias, bias, c.n, c.k)
		}
		exact := c.exact(x, up, gate, residual)
		var first []float32
		for _, s := range sets(t) {
			for _, step := range []int{0, 64} {
				got := runLinear(t, s, c, x, used, residual, step)
				if first == nil {
					first = got
				}
				same(t, fmt.Sprintf("%v, %v, by %d columns", c, s.Level(), step), got, first)
			}
		}
		// A row is rounded to 1/254 of its largest value: an error that grows with
		// the root of the depth.
		tolerance := 0.04 * math.Sqrt(float64(c.k))
		if c.gated {
			tolerance *= 4 * math.Sqrt(float64(c.k))
		}
		for i, want := range exact {
			if math.Abs(float64(first[i])-want) > tolerance {
				t.Fatalf("%v: [%d] is %v, want %v within %v", c, i, first[i], want, tolerance)
			}
		}
	}
}

func runLinear(t *testing.T, s *Set, c linearCase, x []float32, w *Matrix, residual []float32, step int) []float32 {
	t.Helper()
	ldd := c.n + 3
	dst, check := guarded[float32](t, (c.rows-1)*ldd+c.n, 1)
	a := LinearArgs{X: x, LDX: c.k, Rows: c.rows, W: w, Dst: dst, LDD: ldd, Outputs: c.n, Act: c.act, Gated: c.gated, Scratch: make([]byte, LinearScratch(c.rows, c.k))}
	if c.residual {
		for row := range c.rows {
			copy(dst[row*ldd:], residual[row*c.n:][:c.n])
		}
		a.Residual = dst
	}
	if step == 0 {
		s.Linear(&a)
	} else {
		for col := 0; col < PadN(w.N); col += step {
			a.ColLo, a.ColHi = col, min(col+step, PadN(w.N))
			s.Linear(&a)
		}
	}
	check(c.String())
	var out []float32
	for row := range c.rows {
		out = append(out, dst[row*ldd:][:c.n]...)
	}
	return out
}

// Blocks and tiles of every height, and depths around the steps of the loops, give
// generic's bits.
func TestLinearOfEveryHeight(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, k := range []int{1, 4, 15, 28, 63, 64, 65, 200, 1600} {
		for _, n := range []int{1, 16, 47, 60, 80, 140, 271} {
			if k > 200 && n != 60 || n > 80 && k > 65 {
				continue
			}
			w := newMatrix(n, k, true)
			PackMatrix(w, normals(r, n*k), normals(r, n))
			for rows := 1; rows <= 140; rows += 1 + rows/34*8 {
				c := linearCase{rows, n, k, None, true, (rows+n)%2 == 0, false}
				x, residual := normals(r, rows*k), normals(r, rows*n)
				want := runLinear(t, generic(t), c, x, w, residual, 0)
				for _, s := range sets(t) {
					same(t, fmt.Sprintf("%v, %v", c, s.Level()), runLinear(t, s, c, x, w, residual, 0), want)
				}
			}
		}
	}
}

// A matrix that is taken in parts gives what its columns give one by one.
func TestLinearOfLargeMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("two megabytes of weights")
	}
	r := rand.New(rand.NewPCG(10, 10))
	c := linearCase{33, 1000, 2000, GELU, true, false, false}
	w := newMatrix(c.n, c.k, true)
	FillMatrix(w, 3)
	x := normals(r, c.rows*c.k)
	for _, s := range sets(t) {
		same(t, s.Level().String(), runLinear(t, s, c, x, w, nil, 0), runLinear(t, s, c, x, w, nil, 64))
	}
}

// A row with a NaN or an infinity makes its outputs NaN, and no others.
func TestLinearShowsNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, rows := range []int{3, 9, 40} {
			linearShowsNaN(t, float32(bad), rows)
		}
	}
}

func linearShowsNaN(t *testing.T, bad float32, rows int) {
	t.Helper()
	m := newMatrix(20, 10, true)
	r := rand.New(rand.NewPCG(4, 4))
	PackMatrix(m, normals(r, 200), normals(r, 20))
	for _, s := range sets(t) {
		x := normals(r, 10*rows)
		x[14] = bad
		dst := make([]float32, 20*rows)
		for act := None; act <= SiLU; act++ {
			s.Linear(&LinearArgs{X: x, LDX: 10, Rows: rows, W: m, Dst: dst, LDD: 20, Act: act, Scratch: make([]byte, LinearScratch(rows, 10))})
			for i, v := range dst {
				if isNaN := v != v; isNaN != (i/20 == 1) {
					t.Fatalf("%v, act %d: row %d column %d is %v", s.Level(), act, i/20, i%20, v)
				}
			}
		}
	}
}

func newKV(width, capacity int) *KV {
	return &KV{HeadWidth: width, Capacity: capacity, K: make([]int8, PadN(capacity)*PadK(width)), V: make([]int8, PadN(width)*PadK(capacity)),
		KScale: make([]float32, PadN(capacity)), KSum: make([]int32, PadN(capacity)), VScale: make([]float32, PadN(capacity))}
}

func randomKV(s *Set, width, tokens int) *KV {
	r, kv := rand.New(rand.NewPCG(5, 5)), newKV(width, tokens)
	for i := range tokens {
		s.KVStore(kv, i, 1, normals(r, width), normals(r, width), 0, make([]byte, KVScratch(width)))
	}
	return kv
}

// Attention against float64, and the same bits at every level. The cache holds
// rubbish where no token was stored, as reused memory does.
func TestAttention(t *testing.T) {
	type shape struct {
		rows, context, width, offset int
		causal                       bool
	}
	var cases []shape
	for _, width := range []int{13, 16, 26, 64, 128} {
		for _, tokens := range []int{1, 2, 5, 16, 17, 33, 70, 130} {
			cases = append(cases, shape{tokens, tokens, width, 0, false}, shape{tokens, tokens, width, 0, true}, shape{1, tokens, width, 0, false})
			if tokens > 4 {
				cases = append(cases, shape{tokens - 4, tokens, width, 4, true})
			}
		}
	}
	for _, c := range cases {
		r := rand.New(rand.NewPCG(uint64(c.width), uint64(c.context)))
		d, ldq, ldd := c.width, c.width+5, c.width+2
		q, k, v := normals(r, c.rows*ldq), normals(r, c.context*d), normals(r, c.context*d)
		want := exactAttention(q, k, v, c.rows, ldq, c.context, d, c.offset, c.causal)
		var first []float32
		for _, s := range sets(t) {
			what := fmt.Sprintf("%v, %+v", s.Level(), c)
			kv := newKV(d, c.context+3)
			for i := range kv.K {
				kv.K[i] = int8(r.Uint32())
			}
			for i := range kv.V {
				kv.V[i] = int8(r.Uint32())
			}
			scratch := make([]byte, KVScratch(d))
			s.KVStore(kv, 0, c.context, v, k, d, scratch) // overwritten by the next
			for i := 0; i < c.context; {
				rows := min(c.context-i, 1+i%23)
				s.KVStore(kv, i, rows, k[i*d:], v[i*d:], d, scratch)
				i += rows
			}
			dst, check := guarded[float32](t, (c.rows-1)*ldd+d, 1)
			s.Attention(&AttentionArgs{Q: q, LDQ: ldq, Rows: c.rows, KV: kv, Context: c.context, Causal: c.causal, Offset: c.offset,
				Dst: dst, LDD: ldd, Scratch: make([]byte, AttentionScratch(c.rows, d, c.context))})
			check(what)
			var got []float32
			for row := range c.rows {
				got = append(got, dst[row*ldd:][:d]...)
			}
			if first == nil {
				first = got
			}
			same(t, what, got, first)
			xy, xx, yy := 0.0, 0.0, 0.0
			for i, w := range want {
				xy, xx, yy = xy+float64(got[i])*w, xx+float64(got[i])*float64(got[i]), yy+w*w
			}
			if cosine := xy / math.Sqrt(xx*yy); !(cosine > 0.999) {
				t.Errorf("%s: cosine %v with float64, want > 0.999", what, cosine)
			}
		}
	}
}

// A query that is no number spoils its row, a key or a value the rows that look at
// it.
func TestAttentionShowsNaN(t *testing.T) {
	const rows, d = 40, 26
	for _, s := range sets(t) {
		for part, first := range map[string]int{"query": 20, "key": 20, "value": 20} {
			r := rand.New(rand.NewPCG(3, 3))
			x := map[string][]float32{"query": normals(r, rows*d), "key": normals(r, rows*d), "value": normals(r, rows*d)}
			x[part][20*d+3] = float32(math.NaN())
			kv, dst := newKV(d, rows), make([]float32, rows*d)
			s.KVStore(kv, 0, rows, x["key"], x["value"], d, make([]byte, KVScratch(d)))
			s.Attention(&AttentionArgs{Q: x["query"], LDQ: d, Rows: rows, KV: kv, Context: rows, Causal: true, Dst: dst, LDD: d, Scratch: make([]byte, AttentionScratch(rows, d, rows))})
			for i, v := range dst {
				want := i/d == first || part != "query" && i/d > first
				if isNaN := v != v; isNaN != want {
					t.Fatalf("%v, bad %s: row %d column %d is %v", s.Level(), part, i/d, i%d, v)
				}
			}
		}
	}
}

func exactAttention(q, k, v []float32, rows, ldq, context, d, offset int, causal bool) []float64 {
	out := make([]float64, rows*d)
	for row := range rows {
		seen := context
		if causal {
			seen = min(seen, offset+row+1)
		}
		p, sum := make([]float64, seen), 0.0
		for j := range p {
			for i := range d {
				p[j] += float64(q[row*ldq+i]) * float64(k[j*d+i]) / math.Sqrt(float64(d))
			}
			p[j] = math.Exp(p[j])
			sum += p[j]
		}
		for j, w := range p {
			for i := range d {
				out[row*d+i] += w / sum * float64(v[j*d+i])
			}
		}
	}
	return out
}

func TestNorms(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, s := range sets(t) {
		for _, width := range []int{1, 15, 16, 78, 312} {
			const rows, pad = 3, 2
			x, gamma, beta := normals(r, rows*(width+pad)), normals(r, width), normals(r, width)
			layer, rms := make([]float32, rows*width), make([]float32, rows*width)
			s.LayerNorm(layer, x, gamma, beta, rows, width, width+pad, width, 1e-5)
			s.RMSNorm(rms, x, gamma, rows, width, width+pad, width, 1e-5)
			for row := range rows {
				mean, variance, square := 0.0, 0.0, 0.0
				in := x[row*(width+pad):][:width]
				for _, v := range in {
					mean += float64(v) / float64(width)
				}
				for _, v := range in {
					variance += (float64(v) - mean) * (float64(v) - mean) / float64(width)
					square += float64(v) * float64(v) / float64(width)
				}
				for i, v := range in {
					want := (float64(v)-mean)/math.Sqrt(variance+1e-5)*float64(gamma[i]) + float64(beta[i])
					if got := float64(layer[row*width+i]); math.Abs(got-want) > 1e-4 {
						t.Fatalf("%v: LayerNorm of %d: [%d][%d] is %v, want %v", s.Level(), width, row, i, got, want)
					}
					want = float64(v) / math.Sqrt(square+1e-5) * float64(gamma[i])
					if got := float64(rms[row*width+i]); math.Abs(got-want) > 1e-4 {
						t.Fatalf("%v: RMSNorm of %d: [%d][%d] is %v, want %v", s.Level(), width, row, i, got, want)
					}
				}
			}
		}
	}
}

// Norms of every number of rows and width give generic's bits, also of rows that are
// no numbers.
func TestNormsAgree(t *testing.T) {
	for _, s := range sets(t) {
		for count := 1; count <= 9; count++ {
			for _, width := range []int{1, 7, 16, 17, 31, 48, 78, 312} {
				for name, row := range rows(width) {
					r := rand.New(rand.NewPCG(6, uint64(width)))
					ldx, ldd := width+3, width+1
					x, gamma, beta := normals(r, count*ldx), normals(r, width), normals(r, width)
					copy(x[count/2*ldx:], row)
					n := (count-1)*ldd + width
					for f, norm := range map[string]func(s *Set, dst []float32){
						"LayerNorm": func(s *Set, dst []float32) { s.LayerNorm(dst, x, gamma, beta, count, width, ldx, ldd, 1e-5) },
						"RMSNorm":   func(s *Set, dst []float32) { s.RMSNorm(dst, x, gamma, count, width, ldx, ldd, 1e-5) },
					} {
						want := make([]float32, n)
						norm(generic(t), want)
						got, check := guarded[float32](t, n, count%3)
						clear(got)
						norm(s, got)
						what := fmt.Sprintf("%v, %s of %d rows of %d, %s", s.Level(), f, count, width, name)
						check(what)
						same(t, what, got, want)
					}
				}
			}
		}
	}
}

// A table's row and a matrix's column are the same embedding.
func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const rows, width = 37, 26
	w := normals(r, rows*width)
	table := &Table{Rows: rows, Width: width, Data: make([]int8, rows*width), Scale: make([]float32, rows)}
	PackTable(table, w)
	m := newMatrix(rows, width, false)
	PackMatrix(m, w, nil)
	for _, s := range sets(t) {
		for row := range rows {
			a, b := make([]float32, width), make([]float32, width)
			for i := range a {
				a[i], b[i] = 1, 1
			}
			s.Gather(a, table, row, true)
			s.GatherColumn(b, m, row, true)
			same(t, "added", a, b)
			for i, v := range a {
				if want := 1 + float64(w[row*width+i]); math.Abs(float64(v)-want) > 0.52*float64(table.Scale[row]) {
					t.Fatalf("[%d][%d] is %v, want %v", row, i, v, want)
				}
			}
			s.Gather(a, table, row, false)
			s.GatherColumn(b, m, row, false)
			same(t, "written", a, b)
		}
	}
}

// Rotations keep lengths, and the product of a query and a key depends on their
// distance alone (Su et al. 2021, section 3.1).
func TestRoPE(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	const width, positions = 16, 40
	table := make([]float32, positions*width)
	RoPETable(table, positions, width, 10000)
	q, k := normals(r, width), normals(r, width)
	s := generic(t)
	dot := func(i, j int) float64 {
		a, b := append([]float32(nil), q...), append([]float32(nil), k...)
		s.RoPE(a, table[i*width:][:width])
		s.RoPE(b, table[j*width:][:width])
		sum, length := 0.0, 0.0
		for x := range a {
			sum += float64(a[x]) * float64(b[x])
			length += float64(a[x])*float64(a[x]) - float64(q[x])*float64(q[x])
		}
		if math.Abs(length) > 1e-4 {
			t.Errorf("position %d changes the length by %v", i, length)
		}
		return sum
	}
	for shift := range 30 {
		if got, want := dot(9+shift, 2+shift), dot(7, 0); math.Abs(got-want) > 1e-4 {
			t.Errorf("distance 7 at %d: %v, want %v", shift, got, want)
		}
	}
	if math.Abs(dot(7, 0)-dot(3, 0)) < 1e-3 {
		t.Error("distances 7 and 3 cannot be told apart")
	}
}
