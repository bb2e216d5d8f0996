package space

// Program is the ordered list of fused steps that a device executes for one run
// of an architecture.
type Program struct {
	Workload Workload // zero for the program of a single op
	Buffers  []Buffer
	Weights  []Weight
	Steps    []Step
	Result   BufferID // what the run is for: hidden states, pooled vector or logits, float32
}

// BufferID and WeightID index Program.Buffers and Program.Weights; -1 is none.
type (
	BufferID int
	WeightID int
)

const none = -1

// Buffer is memory that steps pass data through.
type Buffer struct {
	Name  string
	Rows  int // of float32 rows; 0 for a cache
	Width int
	Bytes int  // a multiple of Align
	Cache bool // an int8 KV cache that lives between the runs of a decoder
	KV    KVShape
}

// KVShape is the shape of a buffer of int8 keys and values: for each of Batch
// sequences and Heads key-value heads one block of KVBytes bytes.
type KVShape struct {
	Batch, Heads, Width, Capacity int
}

// WeightKind is how a weight is stored.
type WeightKind uint8

const (
	Matrix      WeightKind = iota // int8 N x K packed, per column scale and sum, and bias
	Table                         // int8 N rows of width K, a scale a row
	Vector                        // float32 N; K = 1 (scale) or 2 (scale and shift)
	RotaryTable                   // float32 cos and sin for N positions of head width K: computed, not stored in flash
)

// Weight is one parameter tensor group as the runtime holds it.
type Weight struct {
	Name      string
	Kind      WeightKind
	N, K      int
	Bias      bool // of a Matrix
	Gated     bool // a Matrix of N = 2F columns, gate and up in turn by panels
	Embedding bool // counts as embedding parameters (also when a tied head reads it)
	Bytes     int  // in memory, a multiple of Align
	Flash     int  // in the weights file
}

// Pick is which rows of its input a step reads.
type Pick uint8

const (
	AllRows   Pick = iota
	FirstRows      // the first token of each sequence
	LastRows       // the last token of each sequence
)

// Step is an op at work: which buffers and weights it reads and writes.
//
//	Embed      Out = Weights[0][token] + Weights[1][position] + Weights[2][0]
//	Norm       Out = norm(In[Pick]) with Weights[0]
//	Linear     Out = act(In[Pick] * Weights[0]) (+ Out when Op.Residual)
//	KVStore    Cache = int8(keys and values of In); Weights[0] the rotary table; rotates the queries in In
//	Attention  Out = attention(queries of In, Cache)
type Step struct {
	Op      Op
	Name    string
	Layer   int // 0…L-1; Prologue or Epilogue outside the layers
	In, Out BufferID
	Cache   BufferID
	Weights [3]WeightID
	Pick    Pick
}

// Layers of steps that belong to none.
const (
	Prologue = -1
	Epilogue = -2
)

// Ops are the distinct ops of p with the number of steps that run each, in order
// of first use.
func (p *Program) Ops() ([]Op, map[Op]int) {
	var order []Op
	count := map[Op]int{}
	for _, s := range p.Steps {
		if count[s.Op] == 0 {
			order = append(order, s.Op)
		}
		count[s.Op]++
	}
	return order, count
}

// Align is the alignment in bytes of every buffer and weight: a cache line, and
// an AVX-512 register.
const Align = 64

// Sizes of the packed int8 layout (package kernels): panels of 16 columns, groups
// of 4 values along the depth.
func padN(n int) int  { return (n + 15) &^ 15 }
func padK(k int) int  { return (k + 3) &^ 3 }
func align(b int) int { return (b + Align - 1) &^ (Align - 1) }

// stride is the distance of quantised rows.
func stride(b int) int { return align(b) | Align }

// KVBytes is the size of one head's int8 keys and values for capacity tokens:
// two packed matrices, and a scale of key and value and a key sum per token.
func KVBytes(width, capacity int) int {
	return padN(capacity)*padK(width) + padN(width)*padK(capacity) + 12*padN(capacity)
}

// Bytes is the size of all blocks, each aligned.
func (s KVShape) Bytes() int { return s.Batch * s.Heads * align(KVBytes(s.Width, s.Capacity)) }

// MatrixBytes is the size of a packed matrix in memory: int8 data, int32 column
// sums, float32 scales and biases.
func MatrixBytes(n, k int, bias bool) int {
	b := padN(n)*padK(k) + 8*padN(n)
	if bias {
		b += 4 * padN(n)
	}
	return align(b)
}

// Scratch is the working memory in bytes that one worker needs for o: blocks of
// quantised rows and of int32 sums.
func (o Op) Scratch() int {
	switch o.Kind {
	case Linear:
		return max(min(2*o.Rows, 32)*stride(o.K)+128+4*min(o.Rows, 32)*64, min(min(o.Rows, 66)*stride(o.K)+320, 24<<10))
	case KVStore:
		return align(16 * padK(o.HeadWidth))
	case Attention:
		rows := o.Rows
		if rows == 1 { // of all heads that share the keys
			rows = o.Heads / o.KVHeads
		}
		return min(2*rows, 32)*(stride(o.HeadWidth)+stride(o.Context)) + 4*min(rows, 32)*padN(o.Context) +
			4*min(rows, 12)*64 + 4*padN(o.HeadWidth) + 256
	}
	return 0
}

// Streamed is the bytes of weights that a run reads whole, matrices and vectors:
// what must fit a cache for the next run to find them there.
func (p *Program) Streamed() int {
	n := 0
	for _, w := range p.Weights {
		if w.Kind == Matrix || w.Kind == Vector {
			n += w.Bytes
		}
	}
	return n
}
