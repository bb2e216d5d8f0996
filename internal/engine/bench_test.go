package engine

import (
	"fmt"
	"math"
	"testing"
	"time"

	"nas/space"
)

// benchModels are the models whose whole time is reported: shapes without
// embeddings and heads' matrices, since those are lookups.
func benchModels() []struct {
	name string
	arch space.Arch
	w    space.Workload
} {
	type model = struct {
		name string
		arch space.Arch
		w    space.Workload
	}
	bert := space.Model{Family: space.Encoder, Vocabulary: 1000, Positions: 512, Segments: 2, Activation: space.GELU, Bias: true, Head: space.NoHead}
	llama := space.Model{Family: space.Decoder, Vocabulary: 1000, Positions: 512, Position: space.Rotary, Norm: space.RMSNorm, Activation: space.SiLU, Gated: true, Head: space.NoHead}
	stack := func(m space.Model, hidden, n int, l [4]int) space.Arch {
		a := space.Arch{Model: m, Embedding: hidden, Hidden: hidden}
		for range n {
			a.Layers = append(a.Layers, layers(l)...)
		}
		return a
	}
	encoder := space.Workload{Batch: 1, Tokens: 128}
	prefill := space.Workload{Batch: 1, Tokens: 128, Context: 256, Phase: space.Prefill}
	return []model{
		{"TinyBERT-4", stack(bert, 312, 4, [4]int{12, 26, 12, 1200}), encoder},
		{"BERT-mini", stack(bert, 256, 4, [4]int{4, 64, 4, 1024}), encoder},
		{"stories15M", stack(llama, 288, 6, [4]int{6, 48, 6, 768}), prefill},
	}
}

// BenchmarkModel runs whole models. Its metrics are the fastest run in milliseconds,
// the rate of the int8 multiply-adds in it, and with one thread the fastest
// milliseconds of each kind of op, added up over its steps.
func BenchmarkModel(b *testing.B) {
	for _, m := range benchModels() {
		for phase := range m.w.Phases() {
			for _, threads := range []int{1, 2} {
				name := m.name
				if m.arch.Family == space.Decoder {
					name += []string{"/prefill", "/decode"}[phase]
				}
				b.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(b *testing.B) {
					e, _ := newEngine(b, m.arch, m.w, threads)
					benchModel(b, e, phase)
				})
			}
		}
	}
}

func benchModel(b *testing.B, e *Engine, phase int) {
	p := e.programs[phase]
	tokens := someTokens(p.tokens, p.vocabulary)
	run(b, e, phase, tokens)
	best := math.MaxFloat64
	for b.Loop() {
		start := time.Now()
		run(b, e, phase, tokens)
		best = min(best, float64(time.Since(start)))
	}
	macs := int64(0)
	for _, s := range p.Steps {
		macs += s.Op.MACs()
	}
	b.ReportMetric(2*float64(macs)/best, "GOPS")
	b.ReportMetric(best/1e6, "best-ms")
	if e.threads == 1 {
		for kind, ms := range breakdown(e, p, b.N) {
			b.ReportMetric(ms, kind+"-ms")
		}
	}
}

// breakdown is the milliseconds a run spends in each kind of op: the fastest of n
// runs of each step.
func breakdown(e *Engine, p *prepared, n int) map[string]float64 {
	best := make([]float64, len(p.steps))
	for r := range n {
		for i := range p.steps {
			s := &p.steps[i]
			start := time.Now()
			s.run(e, s, p.scratch[0], 0, s.units)
			if t := float64(time.Since(start)) / 1e6; r == 0 || t < best[i] {
				best[i] = t
			}
		}
	}
	total := map[string]float64{}
	for i, ms := range best {
		total[p.steps[i].op.Kind.String()] += ms
	}
	return total
}
