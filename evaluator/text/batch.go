package text

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// Ignored is the target of a position that nothing is asked of.
const Ignored = -1

// Batch is B sequences of T tokens, one after the other: what goes in, and what
// ought to come out.
type Batch struct {
	B, T    int
	Inputs  []int32
	Targets []int32 // tokens or Ignored
}

// NewBatch makes room.
func NewBatch(b, t int) Batch {
	return Batch{B: b, T: t, Inputs: make([]int32, b*t), Targets: make([]int32, b*t)}
}

// Task makes examples for training and a fixed set for judging.
type Task interface {
	// Draw fills b with random examples.
	Draw(r *rand.Rand, b Batch)
	// Held fills b with batch i of the held-out examples, always the same.
	Held(i int, b Batch)
	Vocabulary() int
	// Digest names the data: tasks of equal digests make equal examples.
	Digest() string
}

// Corpus is text as tokens: the next-token task, or the masked-token task of
// encoders.
type Corpus struct {
	Train, HeldOut []int32
	vocabulary     int
	masked         bool
	digest         string
	counts         *bigrams // for Difficulty, when it is first asked
}

// NewCorpus makes the task of an encoded split; sequences of length tokens must fit
// into both parts.
func NewCorpus(train, held []int32, vocabulary, length int, masked bool) (*Corpus, error) {
	if len(train) <= length || len(held) <= length {
		return nil, fmt.Errorf("text: %d tokens and %d held out are too few for sequences of %d", len(train), len(held), length)
	}
	return &Corpus{Train: train, HeldOut: held, vocabulary: vocabulary, masked: masked, digest: digest(train, held, vocabulary, masked)}, nil
}

// digest is the first half of a SHA-256 of all that examples are made of.
func digest(train, held []int32, vocabulary int, masked bool) string {
	h := sha256.New()
	fmt.Fprintln(h, len(train), len(held), vocabulary, masked)
	for _, tokens := range [][]int32{train, held} {
		data := make([]byte, 0, 4*len(tokens))
		for _, t := range tokens {
			data = binary.LittleEndian.AppendUint32(data, uint32(t))
		}
		h.Write(data)
	}
	return fmt.Sprintf("text %x", h.Sum(nil)[:16])
}

func (c *Corpus) Vocabulary() int { return c.vocabulary }

func (c *Corpus) Digest() string { return c.digest }

func (c *Corpus) Draw(r *rand.Rand, b Batch) {
	for i := range b.B {
		at := r.IntN(len(c.Train) - b.T)
		c.fill(r, b, i, c.Train[at:at+b.T+1])
	}
}

// Held spreads the sequences evenly over the held-out text by the golden ratio, so
// that any number of batches covers all of it.
func (c *Corpus) Held(i int, b Batch) {
	for k := range b.B {
		n := uint64(i*b.B + k)
		at := n * 0x9e3779b97f4a7c15 >> 11 // of 2⁵³
		from := int(float64(at) / (1 << 53) * float64(len(c.HeldOut)-b.T))
		c.fill(rand.New(rand.NewPCG(n, 0)), b, k, c.HeldOut[from:from+b.T+1])
	}
}

// fill makes sequence i of b from one token more than it is long.
func (c *Corpus) fill(r *rand.Rand, b Batch, i int, tokens []int32) {
	in, out := b.Inputs[i*b.T:(i+1)*b.T], b.Targets[i*b.T:(i+1)*b.T]
	copy(in, tokens)
	if !c.masked {
		copy(out, tokens[1:])
		return
	}
	// 15 % of the tokens are asked for: of these 80 % masked, 10 % another token, 10 %
	// left as they are (Devlin et al. 2019, section 3.1). At least one is.
	sure := r.IntN(len(in))
	for t := range in {
		out[t] = Ignored
		if t != sure && r.Float64() >= 0.15 {
			continue
		}
		out[t] = in[t]
		switch p := r.Float64(); {
		case p < 0.8:
			in[t] = Mask
		case p < 0.9:
			in[t] = int32(r.IntN(c.vocabulary))
		}
	}
}
