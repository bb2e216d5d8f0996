package latency

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"nas/devices"
	"nas/internal/engine"
	"nas/internal/statistics"
	"nas/kernels"
	"nas/space"
)

// Settings say how to measure.
type Settings struct {
	Device   devices.Profile
	Level    kernels.Level
	Threads  int            // 0: 1
	Workload space.Workload // of the programs
	Budget   time.Duration  // after it no round begins; 0: DefaultBudget
	Seed     uint64         // of the order of measuring
	Pace     Pace           // that times are brought to; zero: as the measurement itself finds it
	// Progress hears between rounds and every few models inside one, never while
	// something is being timed. It may be nil.
	Progress func(Progress)
	// Keep, where it is not nil, gets what was measured so far every two seconds,
	// between timings; its error ends the measuring. Resume goes on from such a
	// state: of the same programs, device and settings.
	Keep   func(*State) error
	Resume *State
}

// Progress is how far measuring has come.
type Progress struct {
	Round   int
	Done    int // models whose floors are confirmed
	Models  int
	Elapsed time.Duration
	Left    time.Duration // expected, 0 if unknown
}

// DefaultBudget is the time of measuring where none is set.
const DefaultBudget = 25 * time.Second

const (
	minRounds  = 6  // the median's 95 % interval needs six
	goodRounds = 24 // the machine's slow phases last seconds: rounds of one phase confirm each other
	maxRounds  = 96

	keepEvery  = 2 * time.Second
	roundTime  = 2500 * time.Microsecond // of a model's samples, of each kind, in a round
	warmTime   = 2 * time.Millisecond    // before them, at least
	warmRuns   = 4                       // and so many runs: in a decoder of 75 MB they take 4.1, 3.5, 3.1, 3.0, 2.8 ms until its caches have settled
	mostWarm   = 40 * time.Millisecond
	mostRuns   = 16 // samples of each kind in a round
	references = 4  // looks at the reference in a round, each a series of its own
)

// Measure times programs on this machine, as wholes and step by step, in rounds:
// each round takes all programs in a new random order and in fresh memory, with the
// reference model in between, until the floors of all are confirmed, the budget is
// spent, or ctx ends. The first two rounds are always whole. When ctx ends before
// that, the error is ctx's.
func Measure(ctx context.Context, programs []*space.Program, s Settings) (*Table, error) {
	if len(programs) == 0 {
		return nil, errors.New("latency: nothing to measure")
	}
	m, err := s.measurement(newState(programs), programs)
	if err != nil {
		return nil, err
	}
	defer m.close()
	if err := m.rounds(ctx); err != nil {
		return nil, err
	}
	t := m.state.table(programs, m.pace())
	t.Conditions = Here(s.Device, s.Level, m.threads, s.Workload)
	t.Date = time.Now().UTC().Format(time.RFC3339)
	t.Context = m.context(t.Models)
	return t, nil
}

type measurement struct {
	Settings
	threads   int
	programs  []*space.Program // of the subjects; nil where these are functions
	bench     *engine.Bench
	subjects  []*subject
	reference *subject
	paceProbe *engine.Probe
	state     *State
	random    *rand.Rand
	start     time.Time
	kept      time.Time
	noise     devices.NoiseSample // at the start, or when the state was last kept
	restore   func()
}

// measurement is one of programs, step by step where the state has room for their
// ops.
func (s Settings) measurement(empty *State, programs []*space.Program) (*measurement, error) {
	m := &measurement{Settings: s, threads: max(s.Threads, 1), programs: programs, state: empty}
	if m.Budget == 0 {
		m.Budget = DefaultBudget
	}
	if s.Resume != nil {
		if !s.Resume.fits(empty) {
			return nil, errors.New("latency: the state to resume from is of other models")
		}
		m.state = s.Resume
		m.Budget -= time.Duration(m.state.Elapsed)
	}
	m.random = rand.New(rand.NewPCG(s.Seed, uint64(m.state.Rounds)+1))
	m.reference = &subject{}
	for i := range m.state.Reference {
		m.state.Reference[i].Bytes = ReferenceProgram(s.Workload.Phase).Streamed()
	}
	for i, p := range programs {
		m.state.Models[i].Bytes = p.Streamed()
		if m.state.Models[i].Ops == nil {
			m.subjects = append(m.subjects, &subject{})
		} else {
			m.subjects = append(m.subjects, newSubject(p))
		}
	}
	m.restore = quiet(m.threads)
	m.start, m.kept = time.Now(), time.Now()
	if err := m.place(); err != nil {
		m.close()
		return nil, err
	}
	m.noise = devices.Noise()
	return m, nil
}

// place lays the programs into fresh memory. Which of a cache's lines two addresses
// share differs from one piece of memory to the next, and with it the time of a step
// by up to a tenth: a table from one piece alone is far surer of itself than right.
func (m *measurement) place() error {
	set, err := kernels.For(m.Level)
	if err != nil {
		return err
	}
	if m.bench != nil {
		m.bench.Close()
		m.bench, m.paceProbe = nil, nil
		m.reference.forget()
		for i := range m.programs {
			m.subjects[i].forget()
		}
		debug.FreeOSMemory()
	}
	reference, pace := ReferenceProgram(m.Workload.Phase), space.Probe(PaceOp())
	if m.bench, err = engine.NewBench(append([]*space.Program{reference, pace}, m.programs...), engine.Options{Threads: m.threads, Kernels: set}); err != nil {
		return err
	}
	if m.paceProbe, err = m.bench.Probe(pace); err != nil {
		return err
	}
	probe, err := m.bench.Probe(reference)
	if err != nil {
		return err
	}
	m.reference.prime, m.reference.run = probe.Prime, probe.Run
	for i, p := range m.programs {
		if probe, err = m.bench.Probe(p); err != nil {
			return err
		}
		s := m.subjects[i]
		s.prime, s.run = probe.Prime, probe.Run
		if s.ends != nil {
			s.trace = probe.Trace
		}
	}
	return nil
}

func (m *measurement) close() {
	m.restore()
	if m.bench != nil {
		m.bench.Close()
	}
}

// rounds measures until all is done, the budget is spent or ctx ends.
func (m *measurement) rounds(ctx context.Context) error {
	first := m.state.Rounds // of this run
	for ; m.state.Rounds < 2 || time.Since(m.start) < m.Budget; m.state.Rounds++ {
		if m.state.done(m.pace()) {
			return nil
		}
		if m.state.Rounds > first && m.programs != nil {
			if err := m.place(); err != nil {
				return err
			}
		}
		for at, i := range m.random.Perm(len(m.subjects)) {
			stopped := ctx.Err()
			if m.state.Rounds >= 2 && (stopped != nil || time.Since(m.start) > m.Budget) {
				return nil
			}
			if stopped != nil {
				return fmt.Errorf("latency: measuring was stopped in round %d: %w", m.state.Rounds+1, stopped)
			}
			if look := at * references / len(m.subjects); at == 0 || look > (at-1)*references/len(m.subjects) {
				if err := m.keep(); err != nil {
					return err
				}
				m.report(first, at)
				m.reference.measure(&m.state.Reference[look], m.look)
			}
			m.subjects[i].measure(&m.state.Models[i], m.look)
		}
	}
	return nil
}

// keep hands the state out now and then.
func (m *measurement) keep() error {
	if m.Keep == nil || time.Since(m.kept) < keepEvery {
		return nil
	}
	m.kept = time.Now()
	m.listen()
	m.state.Elapsed += int64(time.Since(m.start))
	m.Budget -= time.Since(m.start)
	m.start = time.Now()
	return m.Keep(m.state)
}

// report tells Progress; Left is by the time that rounds have taken so far.
func (m *measurement) report(first, at int) {
	if m.Progress == nil {
		return
	}
	p := Progress{Round: m.state.Rounds + 1, Models: len(m.subjects), Elapsed: time.Duration(m.state.Elapsed) + time.Since(m.start)}
	pace := m.pace()
	for i := range m.state.Models {
		if m.state.Models[i].done(pace) {
			p.Done++
		}
	}
	if n := float64(m.state.Rounds-first) + float64(at)/float64(len(m.subjects)); n > 0.2 {
		p.Left = max(min(time.Duration(float64(time.Since(m.start))/n*max(goodRounds-n, 1)), m.Budget-time.Since(m.start)), 0)
	}
	m.Progress(p)
}

// look is the time of PaceOp now: the best of five, in ns.
func (m *measurement) look() float64 {
	m.paceProbe.Prime()
	m.paceProbe.Repeat(3)
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		m.paceProbe.Repeat(2)
		best = min(best, max(float64(time.Since(start)), 1)/2)
	}
	return best
}

// pace is what times are brought to.
func (m *measurement) pace() Pace {
	if m.Pace.Look > 0 {
		return m.Pace
	}
	return m.state.pace()
}

// busyRatio is by how much the median run of the models is slower than their floor.
func busyRatio(models []Model) float64 {
	var ratios []float64
	for _, m := range models {
		if m.Complete() {
			ratios = append(ratios, m.Whole.Median/m.Whole.Floor)
		}
	}
	if len(ratios) == 0 {
		return 1
	}
	return statistics.Median(ratios)
}
