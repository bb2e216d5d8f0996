package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"nas/internal/huge"
)

// product64 is one MatMul with its answer in float64 and the bound of its error:
// each of the K sums, the scaling and the last addition round once.
type product64 struct {
	MatMulArgs
	before []float32
	exact  []float64
	bound  []float64
}

func (p *product64) String() string {
	return fmt.Sprintf("%dx%dx%d, transposed %t %t, rows %d %d %d apart, alpha %v, beta %v", p.M, p.N, p.K, p.TransA, p.TransB, p.LDA, p.LDB, p.LDC, p.Alpha, p.Beta)
}

// newProduct draws matrices whose rows are pad values longer than they need be.
func newProduct(r *rand.Rand, m, n, k, pad int, transA, transB bool, alpha, beta float32) *product64 {
	p := &product64{MatMulArgs: MatMulArgs{M: m, N: n, K: k, LDA: k + pad, LDB: n + pad, LDC: n + pad, TransA: transA, TransB: transB,
		Alpha: alpha, Beta: beta, Scratch: make([]byte, MatMulScratch(m, n, k))}}
	rowsA, rowsB := m, k
	if transA {
		p.LDA, rowsA = m+pad, k
	}
	if transB {
		p.LDB, rowsB = k+pad, n
	}
	p.A, p.B, p.before = normals(r, rowsA*p.LDA), normals(r, rowsB*p.LDB), normals(r, m*p.LDC)
	p.solve()
	return p
}

func (p *product64) at(x []float32, ld, i, j int, transposed bool) float64 {
	if transposed {
		i, j = j, i
	}
	return float64(x[i*ld+j])
}

func (p *product64) solve() {
	p.exact, p.bound = make([]float64, p.M*p.N), make([]float64, p.M*p.N)
	for i := range p.M {
		for j := range p.N {
			sum, size := 0.0, 0.0
			for k := range p.K {
				v := p.at(p.A, p.LDA, i, k, p.TransA) * p.at(p.B, p.LDB, k, j, p.TransB)
				sum, size = sum+v, size+math.Abs(v)
			}
			old := float64(p.Beta) * float64(p.before[i*p.LDC+j])
			if p.Beta == 0 {
				old = 0
			}
			p.exact[i*p.N+j] = float64(p.Alpha)*sum + old
			p.bound[i*p.N+j] = float64(p.K+4) / (1 << 24) * (math.Abs(float64(p.Alpha))*size + math.Abs(old))
		}
	}
}

// run computes the product at an odd alignment between guard bytes.
func (p *product64) run(t *testing.T, s *Set) []float32 {
	t.Helper()
	what := fmt.Sprintf("%v: %v", s.Level(), p)
	c, check := guarded[float32](t, (p.M-1)*p.LDC+p.N, 1)
	copy(c, p.before)
	a, b := slices.Clone(p.A), slices.Clone(p.B)
	args := p.MatMulArgs
	args.C = c
	s.MatMul(&args)
	check(what)
	if !slices.Equal(a, p.A) || !slices.Equal(b, p.B) {
		t.Fatalf("%s: an input changed", what)
	}
	out := make([]float32, 0, p.M*p.N)
	for i := range p.M {
		row := c[i*p.LDC:]
		out = append(out, row[:p.N]...)
		for j := p.N; j < p.LDC && i+1 < p.M; j++ {
			if row[j] != p.before[i*p.LDC+j] {
				t.Fatalf("%s: wrote beside row %d", what, i)
			}
		}
	}
	for i, want := range p.exact {
		if got := float64(out[i]); !(math.Abs(got-want) <= p.bound[i]) {
			t.Fatalf("%s: [%d][%d] is %v, want %v within %v", what, i/p.N, i%p.N, got, want, p.bound[i])
		}
	}
	return out
}

func tiled(t testing.TB) []*Set {
	return slices.DeleteFunc(sets(t), func(s *Set) bool { return s.tile.run == nil })
}

// MatMul against float64 at every edge of the tiles and blocks, in all forms, within
// the bound of its roundings; fused levels give the same bits.
func TestMatMul(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	var cases []*product64
	forms := func(m, n, k int) {
		form := len(cases)
		scale := [][2]float32{{1, 0}, {1, 1}, {-0.5, 0.25}}[form%3]
		cases = append(cases, newProduct(r, m, n, k, form%4, form&1 > 0, form&2 > 0, scale[0], scale[1]))
	}
	for m := 1; m <= 26; m++ {
		for n := 1; n <= 66; n++ {
			forms(m, n, 1+(m*n)%19)
		}
	}
	for k := 1; k <= 40; k++ {
		for range 4 {
			forms(13, 33, k)
		}
	}
	for _, c := range [][3]int{{rowBlock + 5, 40, 17}, {3, 1100, 8}, {14, 30, 2*depthBlock + 1}, {rowBlock + 5, 70, depthBlock + 3}, {rowBlock + 1, 1050, 3}, {1, 1, 1000}, {50, 150, 8200}} {
		for range 4 {
			forms(c[0], c[1], c[2])
		}
	}
	collide := newProduct(r, 20, 20, 512, 0, false, false, 1, 0) // rows that are copied
	cases = append(cases, collide)
	for _, p := range cases {
		var fused []float32
		for _, s := range tiled(t) {
			got := p.run(t, s)
			if s.tile.vector == floatTileGeneric.vector {
				continue
			}
			if fused == nil {
				fused = got
			}
			same(t, fmt.Sprintf("%v: %v", s.Level(), p), got, fused)
		}
	}
}

// Parts of a product give the bits of the whole.
func TestMatMulSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	for _, s := range tiled(t) {
		for form := range 8 {
			m, n := 70, 130
			if form&4 > 0 {
				m, n = n, m
			}
			p := newProduct(r, m, n, 50, 3, form&1 > 0, form&2 > 0, 2, 0.5)
			want := p.run(t, s)
			for _, parts := range []int{1, 2, 3, 7} {
				c := slices.Clone(p.before)
				var wait sync.WaitGroup
				for part := range parts {
					args := p.MatMulArgs
					args.C = c
					args = args.Split(part, parts)
					args.Scratch = make([]byte, MatMulScratch(args.M, args.N, args.K))
					wait.Go(func() { s.MatMul(&args) })
				}
				wait.Wait()
				for i := range m {
					same(t, fmt.Sprintf("%v: %v in %d parts, row %d", s.Level(), p, parts, i), c[i*p.LDC:][:n], want[i*n:][:n])
				}
			}
		}
	}
}

// A NaN reaches its row or column and nothing else; what beta 0 or alpha 0 makes
// unnecessary is not read.
func TestMatMulShowsNaN(t *testing.T) {
	nan := float32(math.NaN())
	const m, n, k = 15, 35, 10
	for _, s := range tiled(t) {
		p := newProduct(rand.New(rand.NewPCG(11, 3)), m, n, k, 0, false, false, 1, 0)
		a := p.MatMulArgs
		a.C = make([]float32, m*n)
		for i := range a.C {
			a.C[i] = nan
		}
		a.A[7*k+3], a.B[2*n+34] = nan, float32(math.Inf(1))
		s.MatMul(&a)
		for i, v := range a.C {
			if got, want := math.IsNaN(float64(v)), i/n == 7; got != want {
				t.Fatalf("%v: [%d][%d] is %v", s.Level(), i/n, i%n, v)
			}
			if i%n == 34 && i/n != 7 && !math.IsInf(float64(v), 0) {
				t.Fatalf("%v: [%d][%d] is %v, want an infinity", s.Level(), i/n, i%n, v)
			}
		}
		for i := range a.C {
			a.C[i] = 3
		}
		a.Alpha, a.Beta, a.A, a.B, a.Scratch = 0, 2, nil, nil, nil
		s.MatMul(&a)
		for i, v := range a.C {
			if v != 6 {
				t.Fatalf("%v: alpha 0: [%d] is %v, want 6", s.Level(), i, v)
			}
		}
	}
}

func TestMatMulRefusesShortOperands(t *testing.T) {
	for name, spoil := range map[string]func(*MatMulArgs){
		"A":       func(a *MatMulArgs) { a.A = a.A[1:] },
		"B":       func(a *MatMulArgs) { a.LDB-- },
		"C":       func(a *MatMulArgs) { a.C = nil },
		"scratch": func(a *MatMulArgs) { a.Scratch = a.Scratch[1:] },
		"size":    func(a *MatMulArgs) { a.K = -1 },
	} {
		p := newProduct(rand.New(rand.NewPCG(11, 4)), 5, 6, 7, 0, false, false, 1, 0)
		p.C = p.before
		spoil(&p.MatMulArgs)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			generic(t).MatMul(&p.MatMulArgs)
		}()
	}
}

func TestMatMulAllocatesNothing(t *testing.T) {
	for _, s := range tiled(t) {
		p := newProduct(rand.New(rand.NewPCG(11, 5)), 20, 45, 60, 1, true, true, 1, 1)
		p.C = p.before
		if n := testing.AllocsPerRun(5, func() { s.MatMul(&p.MatMulArgs) }); n != 0 {
			t.Errorf("%v: %v allocations, want none", s.Level(), n)
		}
	}
}

func TestBetterLevelsHaveNoSmallerTiles(t *testing.T) {
	before := 0
	for _, level := range Supported() {
		tile := archTile(level)
		if size := tile.rows * tile.columns; size < before {
			t.Errorf("%v: tiles of %d values, a lower level has %d", level, size, before)
		} else {
			before = size
		}
	}
}

// MatMul is the float32 product; T marks a transposed operand, as in the gradients.
// Its memory is laid out as where models are trained.
func BenchmarkMatMul(b *testing.B) {
	for _, c := range []struct {
		form    string
		m, n, k int
	}{
		{"", 256, 1024, 1024}, {"TB", 256, 1024, 1024}, {"", 128, 312, 312}, {"", 128, 768, 768}, {"", 16, 256, 256}, {"", 128, 128, 26},
		{"TB", 2048, 256, 256}, {"", 2048, 256, 256}, {"TA", 256, 256, 2048},
		{"TB", 2048, 1024, 256}, {"", 2048, 256, 1024}, {"TA", 1024, 256, 2048},
	} {
		m, n, k := c.m, c.n, c.k
		b.Run(fmt.Sprintf("M=%d/N=%d/K=%d%s", m, n, k, map[bool]string{true: "/" + c.form}[c.form != ""]), func(b *testing.B) {
			s := best(b)
			memory := huge.Make[float32](m*k + n*k + m*n)
			p := MatMulArgs{M: m, N: n, K: k, A: memory[:m*k], LDA: k, B: memory[m*k:][:n*k], LDB: n, C: memory[(m+n)*k:], LDC: n,
				Alpha: 1, Scratch: huge.Bytes(max(MatMulScratch(m, n, k), huge.Page), 64)}
			switch c.form {
			case "TA":
				p.TransA, p.LDA = true, m
			case "TB":
				p.TransB, p.LDB = true, k
			}
			for i := range p.A {
				p.A[i] = float32(i%23) - 11
			}
			for i := range p.B { // memory never written would be one page of zeros
				p.B[i] = float32(i%19) - 9
			}
			run := func() { s.MatMul(&p) }
			for b.Loop() {
				run()
			}
			peak, flops := peakFloat(s.Level())
			report(b, "GFLOPS", run, 2*float64(m)*float64(n)*float64(k), peak, flops)
		})
	}
}
