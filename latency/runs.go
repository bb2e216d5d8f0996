package latency

import (
	"context"
	"slices"
	"time"

	"nas/space"
)

// Runs are whole models that were timed, and what went on meanwhile.
type Runs struct {
	Entries   []Entry // in the order of the models
	Reference Entry   // of ReferenceProgram, timed all along
	Pace      Pace    // that the times were brought to
	Context   Context
}

// MeasureRuns times whole models on this machine by the rule of Measure, without a
// look at their steps: each of runs is one inference, which streams so many bytes of
// weights. When ctx ends before each has
// an entry, the error is ctx's.
func MeasureRuns(ctx context.Context, runs []func(), bytes []int, s Settings) (*Runs, error) {
	m, err := s.measurement(emptyState(len(runs)), nil)
	if err != nil {
		return nil, err
	}
	for i, run := range runs {
		m.state.Models[i].Bytes = bytes[i]
		m.subjects = append(m.subjects, &subject{prime: func() {}, run: run})
	}
	return m.runs(ctx)
}

// MeasurePrograms is MeasureRuns of programs on random weights that share one
// memory, so that many fit.
func MeasurePrograms(ctx context.Context, programs []*space.Program, s Settings) (*Runs, error) {
	m, err := s.measurement(emptyState(len(programs)), programs)
	if err != nil {
		return nil, err
	}
	return m.runs(ctx)
}

// measureBeside is MeasurePrograms, with others in between that are timed step by step.
func measureBeside(ctx context.Context, programs, others []*space.Program, s Settings) (*Runs, []Model, error) {
	n := len(programs)
	all := slices.Concat(programs, others)
	state := emptyState(len(all))
	for i, p := range others {
		ops, _ := p.Ops()
		state.Models[n+i].Ops = make([]series, len(ops))
	}
	m, err := s.measurement(state, all)
	if err != nil {
		return nil, nil, err
	}
	runs, err := m.runs(ctx)
	if err != nil {
		return nil, nil, err
	}
	models := make([]Model, len(others))
	for i, p := range others {
		models[i] = m.state.Models[n+i].model(p, runs.Pace)
	}
	runs.Entries = runs.Entries[:n]
	return runs, models, nil
}

func (m *measurement) runs(ctx context.Context) (*Runs, error) {
	defer m.close()
	if err := m.rounds(ctx); err != nil {
		return nil, err
	}
	pace := m.pace()
	r := &Runs{Pace: pace, Reference: m.state.reference(pace)}
	var models []Model
	for i := range m.state.Models {
		r.Entries = append(r.Entries, m.state.Models[i].entry(pace))
		models = append(models, Model{Whole: r.Entries[i]})
	}
	r.Context = m.context(models)
	return r, nil
}

// MeasureReference times the reference model alone, for a fraction of a second: how
// fast the machine is at this moment.
func MeasureReference(s Settings) (Entry, error) {
	m, err := s.measurement(emptyState(0), nil)
	if err != nil {
		return Entry{}, err
	}
	defer m.close()
	for start := time.Now(); m.state.Rounds < minRounds || time.Since(start) < referenceTime; m.state.Rounds++ {
		m.reference.measure(&m.state.Reference[0], m.look)
		if err := m.place(); err != nil {
			return Entry{}, err
		}
	}
	return m.state.reference(s.Pace), nil
}

const referenceTime = 300 * time.Millisecond

func emptyState(models int) *State {
	return &State{Reference: make([]modelState, references), Models: make([]modelState, models)}
}
