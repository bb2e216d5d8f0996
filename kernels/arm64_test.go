//go:build arm64 && unix

package kernels

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// eachLevel runs a test at every level of arm64 that this processor has.
func eachLevel(t *testing.T, test func(t *testing.T, s *Set)) {
	for _, level := range Supported()[1:] {
		s, err := For(level)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(level.String(), func(t *testing.T) { test(t, s) })
	}
}

// fenced returns memory whose next byte faults.
func fenced(t *testing.T, size int) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	size = (size + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	if err := syscall.Mprotect(m[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return m[:size]
}

func last(m []byte, n int) []byte { return m[len(m)-n:] }

func signed(b []byte) []int8 {
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(b))), len(b))
}

func TestProductBetweenFences(t *testing.T) { eachLevel(t, productBetweenFences) }

func productBetweenFences(t *testing.T, s *Set) {
	const maxRows, maxPanels, maxGroups = 13, 5, 200
	rng := rand.New(rand.NewPCG(1, 2))
	aMemory := fenced(t, maxRows*(4*maxGroups+12))
	bMemory := fenced(t, maxPanels*(64*maxGroups+64))
	dstMemory := fenced(t, 4*maxRows*(16*maxPanels+3))
	for _, m := range [][]byte{aMemory, bMemory} {
		for i := range m {
			m[i] = byte(rng.IntN(255) - 127) // no quantised value is -128
		}
	}
	check := func(rows, panels, groups int) {
		lda, panelStride, ldc := 4*groups+rows%4*4, 64*groups+panels%2*64, 16*panels+groups%4
		a := last(aMemory, (rows-1)*lda+4*groups)
		b := signed(last(bMemory, (panels-1)*panelStride+64*groups))
		size := (rows-1)*ldc + 16*panels
		const guard = 16
		got := ints(last(dstMemory, 4*size), size)
		before := dstMemory[len(dstMemory)-4*size-guard:][:guard]
		want := make([]int32, size)
		for i := range got {
			got[i], want[i] = 0x5a5a5a5a, 0x5a5a5a5a
		}
		for i := range before {
			before[i] = 0xa5
		}
		s.product(got, ldc, a, lda, b, groups, rows, panels, panelStride, nil)
		productGeneric(want, ldc, a, lda, b, groups, rows, panels, panelStride, nil)
		if !slices.Equal(got, want) {
			t.Fatalf("rows %d, panels %d, groups %d: wrong product, or a column between rows changed", rows, panels, groups)
		}
		if !bytes.Equal(before, bytes.Repeat([]byte{0xa5}, guard)) {
			t.Fatalf("rows %d, panels %d, groups %d: wrote before dst", rows, panels, groups)
		}
	}
	for rows := 1; rows <= maxRows; rows++ {
		for panels := 1; panels <= maxPanels; panels++ {
			for groups := 1; groups <= 40; groups++ {
				check(rows, panels, groups)
			}
			check(rows, panels, maxGroups)
		}
	}
	for _, m := range [][]byte{aMemory, bMemory} {
		for i := range m {
			m[i] = 0x81
		}
	}
	check(maxRows, maxPanels, maxGroups)
}

// lengths are the row lengths of the tests below.
func lengths() []int {
	n := []int{768}
	for i := range 71 {
		n = append(n, i)
	}
	return n
}

func TestQuantiseBetweenFences(t *testing.T) { eachLevel(t, quantiseBetweenFences) }

func quantiseBetweenFences(t *testing.T, s *Set) {
	rng := rand.New(rand.NewPCG(3, 4))
	generic, err := For(Generic)
	if err != nil {
		t.Fatal(err)
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	rows := map[string]func(i, n int) float32{
		"random": func(i, n int) float32 { return float32(rng.NormFloat64()) },
		"zeros":  func(i, n int) float32 { return 0 },
		// 127 and multiples of a half: the inverse is 1, so every other one is a tie.
		"halves": func(i, n int) float32 {
			if i == n/2 {
				return 127
			}
			return float32(rng.IntN(509)-254) / 2
		},
		"minus the peak": func(i, n int) float32 { return -3.5 },
		"tiny":           func(i, n int) float32 { return 0.99e-30 },
		"least":          func(i, n int) float32 { return tiny * float32(1+rng.IntN(4)) },
		"subnormal":      func(i, n int) float32 { return math.SmallestNonzeroFloat32 * float32(rng.IntN(9)) },
		"subnormal and one": func(i, n int) float32 {
			if i == 0 {
				return 1
			}
			return math.SmallestNonzeroFloat32
		},
		"huge": func(i, n int) float32 { return math.MaxFloat32 * (2*rng.Float32() - 1) },
	}
	for _, special := range []float32{nan, -nan, inf, -inf} {
		for _, where := range []int{0, 1} {
			rows[fmt.Sprint(special, math.Signbit(float64(special)), where)] = func(i, n int) float32 {
				if i == where*(n-1) {
					return special
				}
				return float32(rng.NormFloat64())
			}
		}
	}
	xMemory, dstMemory := fenced(t, 4*768), fenced(t, 768)
	for name, value := range rows {
		for _, n := range lengths() {
			x := floats(last(xMemory, 4*n), n)
			for i := range x {
				x[i] = value(i, n)
			}
			got := last(dstMemory, PadK(n))
			want := make([]byte, PadK(n))
			for i := range got {
				got[i] = 0x77
			}
			var gotScale, wantScale [1]float32
			s.quantise(got, len(got), x, n, n, gotScale[:], 0)
			generic.quantise(want, len(want), x, n, n, wantScale[:], 0)
			if math.Float32bits(gotScale[0]) != math.Float32bits(wantScale[0]) {
				t.Fatalf("%s, length %d: scale %v, want %v", name, n, gotScale[0], wantScale[0])
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%s, length %d: [%d] is %d, want %d", name, n, i, int8(got[i]), int8(want[i]))
				}
			}
		}
	}
}

func TestDequantBetweenFences(t *testing.T) { eachLevel(t, dequantBetweenFences) }

func dequantBetweenFences(t *testing.T, s *Set) {
	rng := rand.New(rand.NewPCG(5, 6))
	const most = 768
	var memory [5][]byte
	for i := range memory {
		memory[i] = fenced(t, 4*most)
	}
	random := func(m []byte, n int) []float32 {
		x := floats(last(m, 4*n), n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		return x
	}
	for _, rowScale := range []float32{0.0371, 0, 3e38, 1e-38, float32(math.Inf(1)), float32(math.NaN())} {
		for _, n := range lengths() {
			for terms := range 4 {
				dst, colScale := floats(last(memory[0], 4*n), n), random(memory[1], n)
				acc := ints(last(memory[2], 4*n), n)
				for i := range acc {
					acc[i] = int32(rng.Uint32()) >> rng.IntN(32)
				}
				var bias, residual []float32
				if terms&1 != 0 {
					bias = random(memory[3], n)
				}
				if terms&2 != 0 {
					residual = random(memory[4], n)
				}
				want := make([]float32, n)
				dequantGeneric(want, acc, rowScale, colScale, bias, residual)
				equal := func(what string, got []float32) {
					for i := range want {
						if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
							t.Fatalf("%s, scale %v, length %d, terms %d: [%d] is %v, want %v", what, rowScale, n, terms, i, got[i], want[i])
						}
					}
				}
				s.dequant(dst, acc, rowScale, colScale, bias, residual)
				equal("apart", dst)
				if residual != nil {
					s.dequant(residual, acc, rowScale, colScale, bias, residual)
					equal("over the residual", residual)
				} else {
					s.dequant(floatsOf(acc), acc, rowScale, colScale, bias, nil)
					equal("over the sums", floatsOf(acc))
				}
			}
		}
	}
}
