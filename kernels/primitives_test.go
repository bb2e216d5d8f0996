package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// sets are the levels to test: the one that NAS_CPU names, else all of this
// machine's, generic first.
func sets(t testing.TB) []*Set {
	t.Helper()
	levels := Supported()
	if force := os.Getenv("NAS_CPU"); force != "" {
		level, err := Detect(force)
		if err != nil {
			t.Fatal(err)
		}
		levels = []Level{level}
	}
	var list []*Set
	for _, l := range levels {
		s, err := For(l)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return append(list, unsigned())
}

// unsigned takes the path of the levels whose activations carry an offset, its
// product in plain Go, so that the path is tested on machines without vpdpbusd.
func unsigned() *Set {
	s := &Set{primitives: genericPrimitives()}
	if slices.Contains(Supported(), AVX2) {
		archPrimitives(AVX512VNNI, &s.primitives)
	}
	s.valueBytes, s.offset, s.product = 1, 128, productUnsigned
	return s
}

// productUnsigned is what the tiles of vpdpbusd compute: products of unsigned a,
// less 128 times the sums.
func productUnsigned(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32) {
	for m := range rows {
		for n := range panels * PanelWidth {
			v := int32(0)
			if sum != nil {
				v = -128 * sum[n]
			}
			panel := b[n/PanelWidth*panelStride+n%PanelWidth*GroupDepth:]
			for k := range groups * GroupDepth {
				v += int32(a[m*lda+k]) * int32(panel[k/GroupDepth*PanelWidth*GroupDepth+k%GroupDepth])
			}
			dst[m*ldc+n] = v
		}
	}
}

func generic(t testing.TB) *Set {
	t.Helper()
	s, err := For(Generic)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// guarded is a slice of n values at an odd alignment with guard bytes on both
// sides; check fails the test if one was written over.
func guarded[T int8 | int32 | float32 | byte](t testing.TB, n, shift int) (s []T, check func(what string)) {
	t.Helper()
	const guard, mark = 256, 0xa5
	size := int(unsafe.Sizeof(*new(T)))
	memory := make([]byte, guard+shift*size+n*size+guard)
	for i := range memory {
		memory[i] = mark
	}
	from, to := guard+shift*size, guard+shift*size+n*size
	if n > 0 {
		s = unsafe.Slice((*T)(unsafe.Pointer(&memory[from])), n)
	}
	return s, func(what string) {
		t.Helper()
		for i, v := range memory {
			if (i < from || i >= to) && v != mark {
				t.Fatalf("%s: wrote byte %d, outside 0…%d", what, i-from, to-from-1)
			}
		}
	}
}

// same fails unless two results are the same bits, any NaN being like another.
func same(t testing.TB, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s: [%d] is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// A machine's levels must not get lost: what the CPU has is used.
func TestLevelsOfThisMachine(t *testing.T) {
	if os.Getenv("NAS_CPU") != "" {
		t.Skip("NAS_CPU forces a level")
	}
	best, err := Detect("")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("levels %v, best %v", Supported(), best)
	if flags, err := os.ReadFile("/proc/cpuinfo"); err == nil && runtime.GOARCH == "amd64" && strings.Contains(string(flags), " avx2 ") && best == Generic {
		t.Error("the CPU has AVX2 and the generic kernels would run")
	}
	for _, name := range []string{"mmx", "AVX2", "generic "} {
		if _, err := Detect(name); err == nil {
			t.Errorf("Detect(%q) = nil", name)
		}
	}
}

// The int8 product of every level against int64 arithmetic, at all tile edges, with
// the extremes that saturate careless kernels.
func TestProduct(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	fills := map[string]func() int8{
		"random": func() int8 { return int8(r.IntN(255) - 127) },
		"top":    func() int8 { return 127 },
		"bottom": func() int8 { return -127 },
	}
	type shape struct{ rows, panels, groups int }
	var shapes []shape
	for rows := 1; rows <= 14; rows++ {
		for _, panels := range []int{1, 2, 3, 4, 5, 8, 9} {
			for _, groups := range []int{1, 2, 3, 7, 16} {
				shapes = append(shapes, shape{rows, panels, groups})
			}
		}
	}
	shapes = append(shapes, shape{24, 4, 48}, shape{3, 1, 1024}, shape{12, 1, 1024}, shape{1, 12, 33}, shape{30, 7, 5})
	for rows := 15; rows <= 66; rows += 1 + rows/34*7 { // the tiles of AMX
		for _, groups := range []int{1, 15, 16, 17, 32, 35} {
			shapes = append(shapes, shape{rows, 1 + rows%5, groups})
		}
	}
	for _, rows := range []int{8, 16, 17, 33} { // and its pairs of panels
		shapes = append(shapes, shape{rows, 2, 400}, shape{rows, 4, 400}, shape{rows, 3, 400}, shape{rows, 2, 401})
	}
	for _, s := range sets(t) {
		for name, fill := range fills {
			for i, c := range shapes {
				what := fmt.Sprintf("%v, %s, %+v", s.Level(), name, c)
				productCase(t, what, s, fill, c.rows, c.panels, c.groups, i%3)
			}
		}
	}
}

func productCase(t *testing.T, what string, s *Set, fill func() int8, rows, panels, groups, shift int) {
	t.Helper()
	depth := groups * GroupDepth
	stride := depth*PanelWidth + 64*shift
	a, values := make([]byte, rows*depth*s.valueBytes), make([]int8, rows*depth)
	for i := range values {
		values[i] = fill()
		if s.valueBytes == 2 {
			a[2*i], a[2*i+1] = byte(values[i]), byte(values[i]>>7)
		} else {
			a[i] = byte(values[i]) + s.offset
		}
	}
	b, sum := make([]int8, panels*stride), make([]int32, panels*PanelWidth)
	for i := range b {
		b[i] = fill()
	}
	want := make([]int32, rows*panels*PanelWidth)
	for n := range panels * PanelWidth {
		column := func(k int) int32 {
			return int32(b[n/PanelWidth*stride+k/GroupDepth*PanelWidth*GroupDepth+n%PanelWidth*GroupDepth+k%GroupDepth])
		}
		for k := range depth {
			sum[n] += column(k)
			for m := range rows {
				want[m*panels*PanelWidth+n] += int32(values[m*depth+k]) * column(k)
			}
		}
	}
	ldc := panels*PanelWidth + shift
	dst, check := guarded[int32](t, (rows-1)*ldc+panels*PanelWidth, shift)
	s.product(dst, ldc, a, depth*s.valueBytes, b, groups, rows, panels, stride, sum)
	check(what)
	for m := range rows {
		for n := range panels * PanelWidth {
			if got, want := dst[m*ldc+n], want[m*panels*PanelWidth+n]; got != want {
				t.Fatalf("%s: row %d column %d is %d, want %d", what, m, n, got, want)
			}
		}
	}
}

// Without sums the values of a carry no offset.
func TestProductOfUnsigned(t *testing.T) {
	for _, s := range sets(t) {
		a, b, dst := make([]byte, 8*s.valueBytes), make([]int8, 2*PanelWidth*GroupDepth), make([]int32, PanelWidth)
		for i := range 8 {
			a[i*s.valueBytes] = byte(127 - i)
		}
		for i := range b {
			b[i] = -127
		}
		s.product(dst, PanelWidth, a, len(a), b, 2, 1, 1, len(b), nil)
		for _, v := range dst {
			if want := int32(-127 * (127 + 126 + 125 + 124 + 123 + 122 + 121 + 120)); v != want {
				t.Fatalf("%v: %d, want %d", s.Level(), v, want)
			}
		}
	}
}

// rows are float rows of a length with everything that may be in one.
func rows(n int) map[string][]float32 {
	r := rand.New(rand.NewPCG(2, uint64(n)))
	fill := func(f func(i int) float32) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = f(i)
		}
		return x
	}
	with := func(v float32) []float32 {
		x := fill(func(int) float32 { return float32(r.NormFloat64()) })
		if n > 0 {
			x[r.IntN(n)] = v
		}
		return x
	}
	return map[string][]float32{
		"normal":  with(1),
		"zero":    make([]float32, n),
		"halves":  fill(func(i int) float32 { return []float32{127, 0.5, 1.5, -0.5, -2.5, 63.5}[i%6] }),
		"small":   fill(func(int) float32 { return float32(r.NormFloat64()) * 1e-29 }),
		"tiny":    fill(func(int) float32 { return 1e-38 }),
		"huge":    fill(func(int) float32 { return float32(r.NormFloat64()) * 1e38 / 4 }),
		"minus 0": fill(func(int) float32 { return float32(math.Copysign(0, -1)) }),
		"NaN":     with(float32(math.NaN())),
		"+Inf":    with(float32(math.Inf(1))),
		"-Inf":    with(float32(math.Inf(-1))),
		"ramp":    fill(func(i int) float32 { return float32(i-n/2) / 7 }),
		"wide":    fill(func(int) float32 { return float32(r.NormFloat64()) * 40 }),
	}
}

func lengthsUpTo(n int) []int {
	var list []int
	for i := 1; i <= n; i++ {
		list = append(list, i)
	}
	return append(list, 127, 128, 312, 768)
}

// Quantised rows of every level hold the same values and scale as generic.
func TestQuantise(t *testing.T) {
	for _, s := range sets(t) {
		for _, n := range lengthsUpTo(40) {
			for name, x := range rows(n) {
				what := fmt.Sprintf("%v, %s, length %d", s.Level(), name, n)
				want := make([]byte, PadK(n))
				wantScale, scale := make([]float32, 1), make([]float32, 1)
				generic(t).quantise(want, PadK(n), x, n, n, wantScale, 0)
				got, check := guarded[byte](t, PadK(n)*s.valueBytes, n%5)
				before := slices.Clone(x)
				s.quantise(got, len(got), x, n, n, scale, s.offset)
				check(what)
				same(t, what+" (input)", x, before)
				same(t, what+" (scale)", scale, wantScale)
				for i, q := range want {
					v := got[i*s.valueBytes] - s.offset
					if v != q || s.valueBytes == 2 && got[2*i+1] != byte(int8(q)>>7) {
						t.Fatalf("%s: [%d] is %d, want %d", what, i, int8(v), int8(q))
					}
				}
			}
		}
	}
}

func TestQuantiseRoundsToEven(t *testing.T) {
	x := []float32{127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5}
	want := []int8{127, 0, 2, 2, 0, -2, -2, 126, -126}
	got, scale := make([]byte, PadK(len(x))), make([]float32, 1)
	generic(t).quantise(got, len(got), x, len(x), len(x), scale, 0)
	if scale[0] != 1 {
		t.Errorf("scale %v, want 1", scale[0])
	}
	for i, w := range want {
		if int8(got[i]) != w {
			t.Errorf("%v is rounded to %d, want %d", x[i], int8(got[i]), w)
		}
	}
}

// The float32 primitives of every level give generic's bits.
func TestFloatPrimitives(t *testing.T) {
	g := generic(t)
	for _, s := range sets(t) {
		for _, n := range lengthsUpTo(40) {
			for name, x := range rows(n) {
				what := func(f string) string { return fmt.Sprintf("%v, %s of %s, length %d", s.Level(), f, name, n) }
				for f, pair := range map[string][2]func([]float32){"gelu": {s.gelu, g.gelu}, "silu": {s.silu, g.silu},
					"exp": {func(x []float32) { x[0] = s.exp(x, 1.5) }, func(x []float32) { x[0] = g.exp(x, 1.5) }}} {
					got, check := guarded[float32](t, n, n%3)
					copy(got, x)
					want := slices.Clone(x)
					pair[0](got)
					pair[1](want)
					check(what(f))
					same(t, what(f), got, want)
				}
				same(t, what("sums"), []float32{s.sum(x), s.squares(x, 0.25)}, []float32{g.sum(x), g.squares(x, 0.25)})
				if name != "NaN" {
					same(t, what("maximum"), []float32{s.maximum(x) + 0}, []float32{g.maximum(x) + 0})
				}
				elementwise(t, what, s, g, x)
			}
		}
	}
}

// elementwise holds the primitives of several operands to generic's bits.
func elementwise(t *testing.T, what func(string) string, s, g *Set, x []float32) {
	t.Helper()
	n := len(x)
	r := rand.New(rand.NewPCG(3, uint64(n)))
	y, z, acc := make([]float32, n), make([]float32, n), make([]int32, n)
	for i := range y {
		y[i], z[i], acc[i] = float32(r.NormFloat64()), float32(r.NormFloat64()), int32(r.Uint32())
	}
	want := make([]float32, n)
	for f, pair := range map[string][2]func(dst []float32){
		"multiply":           {func(d []float32) { copy(d, x); s.multiply(d, y) }, func(d []float32) { copy(d, x); g.multiply(d, y) }},
		"normalise":          {func(d []float32) { s.normalise(d, x, y, z, 0.3, 1.7) }, func(d []float32) { g.normalise(d, x, y, z, 0.3, 1.7) }},
		"normalise no shift": {func(d []float32) { s.normalise(d, x, y, nil, 0, 1.7) }, func(d []float32) { g.normalise(d, x, y, nil, 0, 1.7) }},
		"dequant":            {func(d []float32) { s.dequant(d, acc, 1e-4, y, z, x) }, func(d []float32) { g.dequant(d, acc, 1e-4, y, z, x) }},
		"dequant bare":       {func(d []float32) { s.dequant(d, acc, 1e-4, y, nil, nil) }, func(d []float32) { g.dequant(d, acc, 1e-4, y, nil, nil) }},
		"dequant residual":   {func(d []float32) { s.dequant(d, acc, 1e-4, y, nil, x) }, func(d []float32) { g.dequant(d, acc, 1e-4, y, nil, x) }},
		"dequant in place": {func(d []float32) { copy(d, z); s.dequant(d, acc, 1e-4, y, x, d) },
			func(d []float32) { copy(d, z); g.dequant(d, acc, 1e-4, y, x, d) }},
	} {
		got, check := guarded[float32](t, n, n%3)
		pair[0](got)
		pair[1](want)
		check(what(f))
		same(t, what(f), got, want)
	}
}

// The gated activations, lookups and rearrangements of every level give generic's
// bits.
func TestFusedPrimitives(t *testing.T) {
	g := generic(t)
	for _, s := range sets(t) {
		for _, n := range lengthsUpTo(70) {
			what := func(f string) string { return fmt.Sprintf("%v, %s, length %d", s.Level(), f, n) }
			r := rand.New(rand.NewPCG(4, uint64(n)))
			x := normals(r, 2*PadN(n))
			for _, act := range []Activation{ReLU, GELU, SiLU} {
				got, check := guarded[float32](t, n, n%3)
				want := make([]float32, n)
				s.gate(act, got, slices.Clone(x))
				g.gate(act, want, slices.Clone(x))
				check(what("gate"))
				same(t, what("gate"), got, want)
			}
			row := make([]int8, n)
			fillBytes(row, uint64(n))
			for _, add := range []bool{false, true} {
				got, check := guarded[float32](t, n, n%3)
				copy(got, x)
				want := slices.Clone(x[:n])
				s.gather(got, row, 0.3, add)
				g.gather(want, row, 0.3, add)
				check(what("gather"))
				same(t, what("gather"), got, want)
			}
			got, check := guarded[float32](t, 2*n, n%3)
			copy(got, x)
			want, table := slices.Clone(x[:2*n]), normals(r, 2*n)
			s.rotate(got, table)
			g.rotate(want, table)
			check(what("rotate"))
			same(t, what("rotate"), got, want)
			interleaved(t, what("interleave"), s, g, n)
		}
	}
}

// interleaved compares the columns that are asked for; what others hold is free.
func interleaved(t *testing.T, what string, s, g *Set, n int) {
	t.Helper()
	stride, v := 3*PanelWidth*GroupDepth, make([]byte, 4*n+3*5)
	for i := range v {
		v[i] = byte(i * 7)
	}
	size := (PadN(n)/PanelWidth-1)*stride + PanelWidth*GroupDepth
	got, check := guarded[int8](t, size, n%5)
	want := make([]int8, size)
	s.interleave(got, stride, v, n+5, n)
	g.interleave(want, stride, v, n+5, n)
	check(what)
	for i := range n {
		for j := range GroupDepth {
			if at := i/PanelWidth*stride + i%PanelWidth*GroupDepth + j; got[at] != want[at] {
				t.Fatalf("%s: column %d, row %d is %d, want %d", what, i, j, got[at], want[at])
			}
		}
	}
}

// Rows are quantised one like the other, wherever they lie, and nothing around.
func TestQuantiseRows(t *testing.T) {
	for _, s := range sets(t) {
		for _, n := range []int{1, 3, 16, 26, 63, 64, 65, 130, 312} {
			const count = 12
			ldx, ldq := n+2, PadK(n)*s.valueBytes+5
			x := make([]float32, count*ldx)
			i := 0
			for _, row := range rows(n) { // all kinds, in any order
				copy(x[i*ldx:], row)
				i++
			}
			got, check := guarded[byte](t, (count-1)*ldq+PadK(n)*s.valueBytes, n%3)
			scale := make([]float32, count)
			s.quantise(got, ldq, x, ldx, n, scale, s.offset)
			check(fmt.Sprintf("%v, length %d", s.Level(), n))
			for i := range scale {
				want, wantScale := make([]byte, PadK(n)*s.valueBytes), make([]float32, 1)
				s.quantise(want, len(want), x[i*ldx:], n, n, wantScale, s.offset)
				same(t, fmt.Sprintf("%v, scale of row %d of %d", s.Level(), i, n), scale[i:i+1], wantScale)
				if !slices.Equal(got[i*ldq:][:len(want)], want) {
					t.Fatalf("%v: row %d of %d is %v, want %v", s.Level(), i, n, got[i*ldq:][:len(want)], want)
				}
			}
		}
	}
}

// However far scores lie apart, a softmax makes no subnormal number, which would take
// a hundred times as long, and what is far below the largest becomes zero.
func TestSoftmaxOfFarScores(t *testing.T) {
	for _, s := range sets(t) {
		for _, n := range []int{5, 16, 50, 300} {
			x, weight, q := make([]float32, n), make([]float32, n), make([]byte, PadK(n)*s.valueBytes)
			for i := range x {
				x[i], weight[i] = -8*float32(i), 1e-9
			}
			x[n-1] = -1e30
			scale := make([]float32, 1)
			s.softmax(q, len(q), x, n, n, 0, PadK(n), weight, scale, make([]float32, 1))
			for i, v := range x {
				if v < 0x1p-126 {
					t.Fatalf("%v: power %d of %d is %v", s.Level(), i, n, v)
				}
			}
			want := make([]byte, len(q))
			want[0] = 127
			if !slices.Equal(q, want) {
				t.Errorf("%v: chances %v, want %v", s.Level(), q, want)
			}
		}
	}
}

// What generic computes is what it says, within the error that it states.
func TestFunctionsAgainstFloat64(t *testing.T) {
	for i := -3000; i <= 3000; i++ {
		x := float32(i) / 100
		if want, got := math.Exp2(float64(x)), float64(exp2f(x)); math.Abs(got-want) > 3.2e-6*want {
			t.Errorf("exp2f(%v) = %v, want %v", x, got, want)
		}
		v := []float32{x, x}
		geluGeneric(v[:1])
		siluGeneric(v[1:])
		gelu, silu := float64(x)*(1+math.Erf(float64(x)/math.Sqrt2))/2, float64(x)/(1+math.Exp(-float64(x)))
		if math.Abs(float64(v[0])-gelu) > 1e-4 {
			t.Errorf("gelu(%v) = %v, want %v", x, v[0], gelu)
		}
		if math.Abs(float64(v[1])-silu) > 1e-5*max(1, math.Abs(silu)) {
			t.Errorf("silu(%v) = %v, want %v", x, v[1], silu)
		}
	}
	inf := float32(math.Inf(1))
	ends := []float32{-geluEnd, -5, -inf, geluEnd, 5, 1e30, inf}
	geluGeneric(ends)
	for i, want := range []float32{0, 0, 0, geluEnd, 5, 1e30, inf} {
		if ends[i] != want {
			t.Errorf("gelu at end %d is %v, want %v", i, ends[i], want)
		}
	}
}
