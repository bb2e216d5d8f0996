package latency

import (
	"slices"
	"time"

	"nas/space"
)

// subject is a program being measured.
type subject struct {
	prime func() // these three of the bench that is
	run   func()
	trace func(ends []int64) // nil: as a whole alone
	index []int              // of each step: its op among the program's
	count []int              // of each op: its steps
	ends  []int64
	ops   [][]float64 // samples of the round by op
	whole []float64   // samples of the round
}

func newSubject(p *space.Program) *subject {
	ops, count := p.Ops()
	s := &subject{ends: make([]int64, len(p.Steps)), ops: make([][]float64, len(ops))}
	for _, o := range ops {
		s.count = append(s.count, count[o])
	}
	for _, step := range p.Steps {
		s.index = append(s.index, slices.Index(ops, step.Op))
	}
	return s
}

// forget lets go of the memory of a bench.
func (s *subject) forget() { s.prime, s.run, s.trace = nil, nil, nil }

// measure takes one round's samples, between two looks at the core's pace.
func (s *subject) measure(to *modelState, look func() float64) {
	s.prime()
	once := func() time.Duration {
		start := time.Now()
		s.run()
		return max(time.Since(start), 1)
	}
	one := once()
	for runs, warm := 1, one; warm < mostWarm && (runs < warmRuns || warm < warmTime); runs++ {
		one = once()
		warm += one
	}
	n := min(max(int(roundTime/one), 1), mostRuns)
	for i := range s.ops {
		s.ops[i] = s.ops[i][:0]
	}
	s.whole = s.whole[:0]
	before := look()
	if s.trace == nil || n > 1 {
		for range n {
			s.whole = append(s.whole, float64(once()))
		}
	}
	if s.trace != nil {
		for range n {
			s.step()
		}
		if n == 1 { // of a run so long, looking at the steps takes no part
			s.whole = append(s.whole, float64(s.ends[len(s.ends)-1]))
		}
	}
	to.Looks.add(before, look())
	to.Whole.add(s.whole)
	for i := range s.ops {
		to.Ops[i].add(s.ops[i])
	}
}

// step runs once and takes of each op the mean over its steps.
func (s *subject) step() {
	s.trace(s.ends)
	for i := range s.ops {
		s.ops[i] = append(s.ops[i], 0)
	}
	last := int64(0)
	for i, end := range s.ends {
		o := s.ops[s.index[i]]
		o[len(o)-1] += float64(end-last) / float64(s.count[s.index[i]])
		last = end
	}
	for _, o := range s.ops {
		o[len(o)-1] = max(o[len(o)-1], 1) // a clock may be coarser
	}
}
