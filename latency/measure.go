package latency

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nas/devices"
	"nas/internal/engine"
	"nas/kernels"
	"nas/space"
)

// Settings say how to measure.
type Settings struct {
	Device  devices.Profile
	Level   kernels.Level
	Threads int           // 0: 1
	Budget  time.Duration // after it no round begins; 0: 25 s
	Seed    uint64        // of the order of measuring
	// Progress hears between rounds and every few ops inside one, never while
	// something is being timed. It may be nil.
	Progress func(Progress)
}

// Progress is how far measuring has come.
type Progress struct {
	Round   int
	Done    int // ops whose entry is complete
	Ops     int
	Elapsed time.Duration
	Left    time.Duration // expected, 0 if unknown
}

const (
	sampleTime     = 30 * time.Microsecond // shorter samples are repeated in one timing
	roundTime      = 100 * time.Microsecond
	minRounds      = 6 // the median's 95 % interval needs six
	maxRounds      = 48
	defaultBudget  = 25 * time.Second
	longOp         = 5 * time.Millisecond // runs once a round, unwarmed
	defaultPrivate = 1 << 20              // L2 bytes where the system does not tell
)

// Footprint is how many bytes of weights repetitions walk through on a device:
// four times the largest private cache, so that weights come from behind it, as in
// any model of some MiB.
func Footprint(p devices.Profile) int {
	private := p.CacheBytes(2)
	if private == 0 || private > 8<<20 {
		private = defaultPrivate
	}
	return int(4 * private)
}

// Measure times ops on this machine in rounds: each round takes the ops that are
// not done in a new random order, with the reference op in between, until the
// floor of each was reached within 1 % in three rounds, or the budget is spent.
// When ctx ends before every op has an entry, the error is ctx's.
func Measure(ctx context.Context, ops []space.Op, s Settings) (*Table, error) {
	if len(ops) == 0 {
		return nil, errors.New("latency: nothing to measure")
	}
	m, err := newMeasurement(ops, s)
	if err != nil {
		return nil, err
	}
	defer m.close()
	m.rounds(ctx)
	if slices.ContainsFunc(m.subjects, func(s *subject) bool { return len(s.fastest) == 0 }) {
		return nil, fmt.Errorf("latency: measuring was stopped in round %d: %w", m.round, ctx.Err())
	}
	t := &Table{Conditions: Here(s.Device, s.Level, m.threads), Date: time.Now().UTC().Format(time.RFC3339), Footprint: Footprint(s.Device),
		Reference: m.subjects[0].entry(), Entries: map[space.Op]Entry{}}
	for _, subject := range m.subjects[1:] {
		t.Entries[subject.op] = subject.entry()
	}
	t.Overhead = m.overhead()
	return t, nil
}

// subject is an op being measured.
type subject struct {
	op      space.Op
	probe   *engine.Probe
	repeats int // in one sample
	series
}

// done reports whether more rounds would teach nothing: the floor is confirmed, or
// is soft, as that of weights streamed through a cache that others use.
func (s *series) done() bool {
	return len(s.fastest) >= maxRounds || len(s.fastest) >= minRounds && s.entry().Quorum()
}

type measurement struct {
	Settings
	threads  int
	bench    *engine.Bench
	subjects []*subject // the reference op first
	random   *rand.Rand
	start    time.Time
	round    int
	restore  func()
}

func newMeasurement(ops []space.Op, s Settings) (*measurement, error) {
	m := &measurement{Settings: s, threads: max(s.Threads, 1), random: rand.New(rand.NewPCG(s.Seed, 1)), start: time.Now()}
	if m.Budget == 0 {
		m.Budget = defaultBudget
	}
	set, err := kernels.For(s.Level)
	if err != nil {
		return nil, err
	}
	all := append([]space.Op{ReferenceOp()}, ops...)
	if m.bench, err = engine.NewBench(all, Footprint(s.Device), engine.Options{Threads: m.threads, Kernels: set}); err != nil {
		return nil, err
	}
	for _, op := range all {
		probe, err := m.bench.Probe(op)
		if err != nil {
			m.bench.Close()
			return nil, err
		}
		m.subjects = append(m.subjects, &subject{op: op, probe: probe})
	}
	m.restore = quiet(m.threads)
	return m, nil
}

func (m *measurement) close() {
	m.restore()
	m.bench.Close()
}

// rounds measures until every subject is done, the budget is spent or ctx ends. The
// first two rounds are always whole.
func (m *measurement) rounds(ctx context.Context) {
	for m.round < 2 || time.Since(m.start) < m.Budget {
		var open []*subject
		for _, s := range m.subjects[1:] {
			if !s.done() {
				open = append(open, s)
			}
		}
		if len(open) == 0 && m.subjects[0].done() {
			return
		}
		m.round++
		if len(open) < 32 {
			m.subjects[0].measure()
		}
		m.random.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		for i, s := range open {
			if ctx.Err() != nil || m.round > 2 && time.Since(m.start) > m.Budget {
				return
			}
			if i%32 == 0 {
				m.report(i, len(open))
			}
			if i%32 == 31 {
				m.subjects[0].measure()
			}
			s.measure()
		}
	}
}

// measure takes one round's samples of s.
func (s *subject) measure() {
	s.probe.Prime()
	if s.repeats == 0 {
		s.repeats = s.calibrate()
	}
	one := s.time() // also warms up; counts where the op is long
	samples := []float64{one}
	if duration := time.Duration(one * float64(s.repeats)); duration < longOp {
		samples = samples[:0]
		for range min(max(int(roundTime/max(duration, 1)), 2), 4) {
			samples = append(samples, s.time())
		}
	}
	s.add(samples)
}

// calibrate finds how many repetitions fill a sample.
func (s *subject) calibrate() int {
	for n := 1; ; n *= 2 {
		start := time.Now()
		s.probe.Repeat(n)
		if took := time.Since(start); took >= sampleTime || n >= 1<<20 {
			return max(1, int(float64(n)*float64(sampleTime)/float64(max(took, 1))+0.999))
		}
	}
}

// time is one sample: ns of one repetition.
func (s *subject) time() float64 {
	start := time.Now()
	s.probe.Repeat(s.repeats)
	return max(float64(time.Since(start)), 1) / float64(s.repeats)
}

// overhead is what a run costs besides its ops: the difference between running the
// smallest op once a run and repeating it within one.
func (m *measurement) overhead() float64 {
	var smallest *subject
	for _, s := range m.subjects[1:] {
		if smallest == nil || s.entry().Floor < smallest.entry().Floor {
			smallest = s
		}
	}
	smallest.probe.Prime()
	least := smallest.time()
	var single series
	for range minRounds {
		const runs = 500
		start := time.Now()
		for range runs {
			smallest.probe.Repeat(1)
		}
		single.add([]float64{float64(time.Since(start)) / runs})
		least = min(least, smallest.time())
	}
	return max(single.entry().Floor-least, 0)
}

// report tells Progress; Left is by the time that rounds have taken so far.
func (m *measurement) report(at, open int) {
	if m.Progress == nil {
		return
	}
	p := Progress{Round: m.round, Ops: len(m.subjects) - 1, Elapsed: time.Since(m.start)}
	for _, s := range m.subjects[1:] {
		if s.done() {
			p.Done++
		}
	}
	if rounds := float64(m.round-1) + float64(at)/float64(open); rounds > 0.2 {
		p.Left = time.Duration(float64(p.Elapsed) / rounds * max(minRounds-rounds, 0))
		p.Left = min(p.Left, max(m.Budget-p.Elapsed, 0))
	}
	m.Progress(p)
}
