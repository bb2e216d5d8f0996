package nn

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"nas/evaluator/text"
	"nas/space"
)

// BenchmarkTrain is one step of a decoder of 4 layers, width 256, FFN 1024, on 16
// sequences of 128 tokens of a vocabulary of 4096: what testdata/pytorch.py --speed
// times in PyTorch.
func BenchmarkTrain(b *testing.B) {
	for _, c := range []struct {
		name  string
		model space.Model
	}{
		{"gpt2", space.Model{Family: space.Decoder, Vocabulary: 4096, Positions: 128, Activation: space.GELU, Bias: true, Head: space.Tied}},
		{"llama", space.Model{Family: space.Decoder, Vocabulary: 4096, Positions: 128, Position: space.Rotary, Norm: space.RMSNorm, Activation: space.SiLU, Gated: true, Head: space.Tied}},
	} {
		b.Run(c.name, func(b *testing.B) {
			a := space.Arch{Model: c.model, Embedding: 256, Hidden: 256, Layers: make([]space.Layer, 4)}
			for i := range a.Layers {
				a.Layers[i] = space.Layer{Heads: 4, HeadWidth: 64, KVHeads: 4, FFN: 1024}
			}
			e, err := NewExec[float32](runtime.NumCPU(), "")
			if err != nil {
				b.Fatal(err)
			}
			m := NewModel[float32](a, 1)
			p := &Pass[float32]{Exec: e, Tape: NewTape[float32](m.Whole(), 16, 128), Net: m.Whole(), Model: m}
			o := NewOptimiser(m)
			r := rand.New(rand.NewPCG(1, 1))
			batch := text.NewBatch(16, 128)
			for i := range batch.Inputs {
				batch.Inputs[i], batch.Targets[i] = int32(r.IntN(4096)), int32(r.IntN(4096))
			}
			tokens := 0
			for b.Loop() {
				p.Forward(batch)
				p.CrossEntropy(1)
				p.Backward(batch)
				o.Update(e, m, 1e-4, 0.1, 1)
				tokens += len(batch.Inputs)
			}
			b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
