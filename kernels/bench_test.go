package kernels

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

// shapes are rows, columns and depths of compact transformers' linear layers.
var shapes = [][3]int{{1, 256, 256}, {1, 1024, 256}, {1, 256, 1024}, {1, 768, 768}, {1, 3072, 768},
	{16, 256, 256}, {64, 256, 256}, {64, 1024, 256}, {128, 312, 312}, {128, 1200, 312}, {128, 512, 512}, {128, 2048, 512},
	{128, 768, 768}, {128, 3072, 768}, {128, 768, 3072}, {256, 1024, 1024}}

// report gives the metrics of f, b's loop, which computes so many operations, and how
// near they come to those of the peak kernel, if there is one.
func report(b *testing.B, unit string, f func(), ops float64, peak func(rounds int), peakOps int) {
	each := float64(b.Elapsed()) / float64(b.N)
	b.ReportMetric(ops/each, unit)
	if peak == nil {
		return
	}
	timed := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	const pairs, moment = 41, 100 * time.Microsecond
	calls, rounds := int(float64(moment)/each)+1, 1
	for timed(func() { peak(rounds) }) < moment {
		rounds *= 2
	}
	var ratios []float64 // of what runs in the same moment: the clock steps
	for range pairs {
		ours := timed(func() {
			for range calls {
				f()
			}
		})
		best := timed(func() { peak(rounds) })
		ratios = append(ratios, ops*float64(calls)/float64(ours)*float64(best)/float64(peakOps*rounds))
	}
	slices.Sort(ratios)
	b.ReportMetric(100*ratios[pairs/2], "%peak")
}

// reportProduct is report of an int8 product of the shape.
func reportProduct(b *testing.B, s *Set, f func(), m, n, k int) {
	peak, ops := peakKernel(s.Level())
	report(b, "GOPS", f, 2*float64(m)*float64(n)*float64(k), peak, ops)
}

// throughput gives the metrics of an operation on values that moves bytes.
func throughput(b *testing.B, values, bytes int) {
	b.ReportMetric(float64(values)*float64(b.N)/float64(b.Elapsed()), "values/ns")
	b.ReportMetric(float64(bytes)*float64(b.N)/float64(b.Elapsed()), "GB/s")
}

// best is the set of the level that NAS_CPU names, else of this machine's best.
func best(b *testing.B) *Set {
	level, err := Detect(os.Getenv("NAS_CPU"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := For(level)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func matrix(n, k int) *Matrix {
	m := &Matrix{N: n, K: k, Data: make([]int8, PadN(n)*PadK(k)), Sum: make([]int32, PadN(n)), Scale: make([]float32, PadN(n)), Bias: make([]float32, PadN(n))}
	FillMatrix(m, 1)
	return m
}

// Linear is the whole layer: float32 in, float32 out.
func BenchmarkLinear(b *testing.B) {
	for _, c := range shapes {
		m, n, k := c[0], c[1], c[2]
		b.Run(fmt.Sprintf("M=%d/N=%d/K=%d", m, n, k), func(b *testing.B) {
			s := best(b)
			a := LinearArgs{X: make([]float32, m*k), LDX: k, Rows: m, W: matrix(n, k), Dst: make([]float32, m*n), LDD: n, Scratch: make([]byte, LinearScratch(m, k))}
			for i := range a.X {
				a.X[i] = float32(i%23) - 11
			}
			run := func() { s.Linear(&a) }
			for b.Loop() {
				run()
			}
			reportProduct(b, s, run, m, n, k)
		})
	}
}

// Product is the int8 product alone, of rows quantised before, in Linear's order.
func BenchmarkProduct(b *testing.B) {
	for _, c := range shapes {
		m, n, k := c[0], c[1], c[2]
		b.Run(fmt.Sprintf("M=%d/N=%d/K=%d", m, n, k), func(b *testing.B) {
			s := best(b)
			columns, depth := PadN(n), PadK(k)
			w, dst, lda := matrix(n, k), make([]int32, m*columns), s.valueBytes*stride(k)
			x, step, block := make([]byte, m*lda), s.partColumns(m, columns, depth), s.blockRows(m, k, false)
			run := func() {
				for col := 0; col < columns; col += step {
					for row := 0; row < m; row += block {
						s.product(dst[row*columns+col:], columns, x[row*lda:], lda, w.Data[col*depth:], depth/GroupDepth, min(block, m-row), min(step, columns-col)/PanelWidth, PanelWidth*depth, w.Sum[col:])
					}
				}
			}
			for b.Loop() {
				run()
			}
			reportProduct(b, s, run, m, n, k)
		})
	}
}

// Attention is the core of one head: M queries over N tokens of width K.
func BenchmarkAttention(b *testing.B) {
	for _, c := range [][3]int{{128, 128, 64}, {128, 128, 32}, {128, 128, 26}, {64, 64, 64}, {512, 512, 64}, {1, 256, 64}} {
		m, n, k := c[0], c[1], c[2]
		b.Run(fmt.Sprintf("M=%d/N=%d/K=%d", m, n, k), func(b *testing.B) {
			s := best(b)
			a := AttentionArgs{Q: noise(m * k), LDQ: k, Rows: m, KV: randomKV(s, k, n), Context: n, Dst: make([]float32, m*k), LDD: k, Scratch: make([]byte, AttentionScratch(m, k, n))}
			run := func() { s.Attention(&a) }
			for b.Loop() {
				run()
			}
			reportProduct(b, s, run, m, 2*n, k)
		})
	}
}

func noise(n int) []float32 { return normals(rand.New(rand.NewPCG(1, 1)), n) }

// rowShapes are rows and widths of what passes between linear layers.
var rowShapes = [][2]int{{128, 312}, {128, 768}, {128, 1200}, {128, 3072}}

// overRows runs f on M rows of K float32 values, with a second buffer as large.
// It moves bytes bytes a value.
func overRows(b *testing.B, bytes int, f func(s *Set, x, y []float32, m, k int)) {
	for _, c := range rowShapes {
		m, k := c[0], c[1]
		b.Run(fmt.Sprintf("M=%d/K=%d", m, k), func(b *testing.B) {
			s, x, y := best(b), noise(m*k), make([]float32, m*k)
			for b.Loop() {
				f(s, x, y, m, k)
			}
			throughput(b, m*k, bytes*m*k)
		})
	}
}

func BenchmarkQuantise(b *testing.B) {
	q, scale := make([]byte, 2*128*3072), make([]float32, 128)
	overRows(b, 5, func(s *Set, x, _ []float32, m, k int) {
		s.quantise(q, PadK(k)*s.valueBytes, x, k, k, scale[:m], s.offset)
	})
}

func BenchmarkLayerNorm(b *testing.B) {
	gamma := noise(3072)
	overRows(b, 8, func(s *Set, x, y []float32, m, k int) { s.LayerNorm(y, x, gamma, gamma, m, k, k, k, 1e-5) })
}

func BenchmarkRMSNorm(b *testing.B) {
	gamma := noise(3072)
	overRows(b, 8, func(s *Set, x, y []float32, m, k int) { s.RMSNorm(y, x, gamma, m, k, k, k, 1e-5) })
}

// Activations work in place: the copy that brings the values back is part of it.
func BenchmarkGELU(b *testing.B) {
	overRows(b, 8, func(s *Set, x, y []float32, m, k int) {
		for r := range m {
			copy(y[r*k:][:k], x[r*k:])
			s.activate(GELU, y[r*k:][:k])
		}
	})
}

func BenchmarkSiLU(b *testing.B) {
	overRows(b, 8, func(s *Set, x, y []float32, m, k int) {
		for r := range m {
			copy(y[r*k:][:k], x[r*k:])
			s.activate(SiLU, y[r*k:][:k])
		}
	})
}

// Softmax is attention's: M rows of K scores to quantised probabilities, a block
// of rows at a time, copied as above. Scores are some Wide, as near one another as
// those of random weights or as far as those of models that look at one token alone.
func BenchmarkSoftmax(b *testing.B) {
	for _, c := range [][3]int{{1536, 128, 1}, {1536, 128, 100}, {768, 64, 1}} {
		m, k, wide := c[0], c[1], c[2]
		b.Run(fmt.Sprintf("M=%d/K=%d/Wide=%d", m, k, wide), func(b *testing.B) {
			s, x, y, weight := best(b), noise(m*k), make([]float32, attentionRows*k), noise(k)
			q, scale, inverse := make([]byte, 2*attentionRows*k), make([]float32, attentionRows), make([]float32, attentionRows)
			for i := range x {
				x[i] *= float32(wide)
			}
			for i := range weight {
				weight[i] = 0.01
			}
			for b.Loop() {
				for r := 0; r < m; r += attentionRows {
					copy(y, x[r*k:])
					s.softmax(q, k*s.valueBytes, y, k, k, 0, k, weight, scale, inverse)
				}
			}
			throughput(b, m*k, 5*m*k)
		})
	}
}

// KVStore stores M tokens of one head of width K.
func BenchmarkKVStore(b *testing.B) {
	for _, c := range [][2]int{{128, 26}, {128, 64}, {1, 64}} {
		m, k := c[0], c[1]
		b.Run(fmt.Sprintf("M=%d/K=%d", m, k), func(b *testing.B) {
			s, kv, x, scratch := best(b), newKV(k, m), noise(m*k), make([]byte, KVScratch(k))
			for b.Loop() {
				s.KVStore(kv, 0, m, x, x, k, scratch)
			}
			throughput(b, 2*m*k, 10*m*k)
		})
	}
}

// Embed gathers M rows of width K.
func BenchmarkEmbed(b *testing.B) {
	for _, c := range rowShapes[:2] {
		m, k := c[0], c[1]
		b.Run(fmt.Sprintf("M=%d/K=%d", m, k), func(b *testing.B) {
			s, t, dst := best(b), &Table{Rows: m, Width: k, Data: make([]int8, m*k), Scale: make([]float32, m)}, make([]float32, m*k)
			FillTable(t, 1)
			for b.Loop() {
				for r := range m {
					s.Gather(dst[r*k:], t, r, false)
				}
			}
			throughput(b, m*k, 5*m*k)
		})
	}
}

// RoPE rotates M heads of width K.
func BenchmarkRoPE(b *testing.B) {
	for _, k := range []int{48, 64, 128} {
		const m = 128
		b.Run(fmt.Sprintf("M=%d/K=%d", m, k), func(b *testing.B) {
			s, x, table := best(b), noise(m*k), make([]float32, m*k)
			RoPETable(table, m, k, 10000)
			for b.Loop() {
				for r := range m {
					s.RoPE(x[r*k:][:k], table[r*k:][:k])
				}
			}
			throughput(b, m*k, 12*m*k)
		})
	}
}
