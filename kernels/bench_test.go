package kernels

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// shapes are rows, columns and depths of compact transformers' linear layers.
var shapes = [][3]int{{1, 768, 768}, {16, 256, 256}, {128, 128, 128}, {128, 256, 256}, {128, 312, 312}, {128, 768, 768}, {128, 3072, 768}, {128, 768, 3072}}

// peakOf is the rate in GOPS at which a level's multiply-adds run from registers
// alone: the best of some tries; 0 where the level has no such kernel.
func peakOf(level Level) float64 {
	run, ops := peakKernel(level)
	if run == nil {
		return 0
	}
	best := 0.0
	for range 20 {
		const rounds = 20000
		start := time.Now()
		run(rounds)
		best = max(best, float64(ops)*rounds/float64(time.Since(start)))
	}
	return best
}

// report gives the metrics of a product of the shape.
func report(b *testing.B, s *Set, m, n, k int) {
	gops := 2 * float64(m) * float64(n) * float64(k) * float64(b.N) / float64(b.Elapsed())
	b.ReportMetric(gops, "GOPS")
	if peak := peakOf(s.Level()); peak > 0 {
		b.ReportMetric(100*gops/peak, "%peak")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.Elapsed())/float64(b.N), "ns/op")
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
			a := LinearArgs{X: make([]float32, m*k), LDX: k, Rows: m, W: matrix(n, k), Dst: make([]float32, m*n), LDD: n, Scratch: make([]byte, LinearScratch(k))}
			for i := range a.X {
				a.X[i] = float32(i%23) - 11
			}
			for b.Loop() {
				s.Linear(&a)
			}
			report(b, s, m, n, k)
		})
	}
}

// Product is the int8 product alone, of rows quantised before.
func BenchmarkProduct(b *testing.B) {
	for _, c := range shapes {
		m, n, k := c[0], c[1], c[2]
		b.Run(fmt.Sprintf("M=%d/N=%d/K=%d", m, n, k), func(b *testing.B) {
			s := best(b)
			w, dst, lda := matrix(n, k), make([]int32, m*PadN(n)), PadK(k)*s.valueBytes
			x := make([]byte, m*lda)
			block := linearRows / s.valueBytes
			for b.Loop() {
				for row := 0; row < m; row += block {
					s.product(dst[row*PadN(n):], PadN(n), x[row*lda:], lda, w.Data, PadK(k)/GroupDepth, min(block, m-row), PadN(n)/PanelWidth, PanelWidth*PadK(k), w.Sum)
				}
			}
			report(b, s, m, n, k)
		})
	}
}

// Attention is the core of one head: M queries over N tokens of width K.
func BenchmarkAttention(b *testing.B) {
	for _, c := range [][3]int{{128, 128, 64}, {1, 256, 64}, {128, 128, 26}} {
		m, n, k := c[0], c[1], c[2]
		b.Run(fmt.Sprintf("M=%d/N=%d/K=%d", m, n, k), func(b *testing.B) {
			s := best(b)
			a := AttentionArgs{Q: make([]float32, m*k), LDQ: k, Rows: m, KV: randomKV(s, k, n), Context: n, Dst: make([]float32, m*k), LDD: k, Scratch: make([]byte, AttentionScratch(k, n))}
			for i := range a.Q {
				a.Q[i] = float32(i%23) - 11
			}
			for b.Loop() {
				s.Attention(&a)
			}
			report(b, s, m, 2*n, k)
		})
	}
}
