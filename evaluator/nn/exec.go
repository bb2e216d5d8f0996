package nn

import (
	"math"
	"sync"

	"nas/internal/huge"
	"nas/kernels"
)

// Exec runs layers on threads. It serves one caller at a time.
type Exec[F Float] struct {
	threads int
	set     *kernels.Set
	scratch [][]byte // of products, by worker
	buffer  [][]F    // by worker
}

// NewExec makes an Exec of at least one thread on the best kernels of this machine,
// or on those of the level that force names.
func NewExec[F Float](threads int, force string) (*Exec[F], error) {
	level, err := kernels.Detect(force)
	if err != nil {
		return nil, err
	}
	set, err := kernels.For(level)
	if err != nil {
		return nil, err
	}
	threads = max(threads, 1)
	return &Exec[F]{threads: threads, set: set, scratch: make([][]byte, threads), buffer: make([][]F, threads)}, nil
}

// parallel shares n items among the workers.
func (e *Exec[F]) parallel(n int, do func(worker, from, to int)) {
	if e.threads == 1 || n < 2 {
		do(0, 0, n)
		return
	}
	var wait sync.WaitGroup
	for w := 1; w < e.threads; w++ {
		wait.Go(func() { do(w, w*n/e.threads, (w+1)*n/e.threads) })
	}
	do(0, 0, n/e.threads)
	wait.Wait()
}

// space is n values of the worker's own.
func (e *Exec[F]) space(worker, n int) []F {
	if len(e.buffer[worker]) < n {
		e.buffer[worker] = make([]F, n)
	}
	return e.buffer[worker][:n]
}

// product is C[M][N] = alpha op(A) op(B) + beta C, with rows LD values apart: A is
// [M][K], or [K][M] if ta; B is [K][N], or [N][K] if tb.
type product[F Float] struct {
	m, n, k     int
	a           []F
	lda         int
	ta          bool
	b           []F
	ldb         int
	tb          bool
	c           []F
	ldc         int
	alpha, beta F
}

// matmul runs p on all workers.
func (e *Exec[F]) matmul(p product[F]) {
	if q, ok := any(&p).(*product[float32]); ok {
		args := q.args()
		e.parallel(e.threads, func(_, from, to int) {
			for part := from; part < to; part++ {
				e.run(part, args.Split(part, e.threads))
			}
		})
		return
	}
	p.define()
}

// serial runs p on one worker.
func (e *Exec[F]) serial(worker int, p product[F]) {
	if q, ok := any(&p).(*product[float32]); ok {
		e.run(worker, q.args())
		return
	}
	p.define()
}

func (e *Exec[F]) run(worker int, a kernels.MatMulArgs) {
	if n := kernels.MatMulScratch(a.M, a.N, a.K); len(e.scratch[worker]) < n {
		e.scratch[worker] = huge.Bytes(max(n, huge.Page), 64)
	}
	a.Scratch = e.scratch[worker]
	e.set.MatMul(&a)
}

func (p *product[F]) args() kernels.MatMulArgs {
	q := any(p).(*product[float32])
	return kernels.MatMulArgs{M: q.m, N: q.n, K: q.k, A: q.a, LDA: q.lda, TransA: q.ta, B: q.b, LDB: q.ldb, TransB: q.tb,
		C: q.c, LDC: q.ldc, Alpha: q.alpha, Beta: q.beta}
}

// define computes p by its definition.
func (p *product[F]) define() {
	at := func(x []F, ld, i, j int, transposed bool) F {
		if transposed {
			i, j = j, i
		}
		return x[i*ld+j]
	}
	for i := range p.m {
		for j := range p.n {
			var sum F
			for k := range p.k {
				sum += at(p.a, p.lda, i, k, p.ta) * at(p.b, p.ldb, k, j, p.tb)
			}
			if p.beta == 0 {
				p.c[i*p.ldc+j] = p.alpha * sum
			} else {
				p.c[i*p.ldc+j] = p.alpha*sum + p.beta*p.c[i*p.ldc+j]
			}
		}
	}
}

// exp2 replaces x by 2^(x-top) and returns the sum.
func (e *Exec[F]) exp2(x []F, top F) (sum F) {
	if y, ok := any(x).([]float32); ok {
		return F(e.set.Exp2(y, float32(top)))
	}
	for i, v := range x {
		x[i] = F(math.Exp2(float64(v - top)))
		sum += x[i]
	}
	return sum
}

// maximum is the largest of x, which is not empty.
func (e *Exec[F]) maximum(x []F) F {
	if y, ok := any(x).([]float32); ok {
		return F(e.set.Maximum(y))
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	return top
}
