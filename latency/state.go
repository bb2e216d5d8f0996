package latency

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"nas/devices"
	"nas/internal/atomicfile"
	"nas/internal/strictjson"
	"nas/space"
)

// State is what a measurement has so far: enough to go on after it was killed.
type State struct {
	Programs string `json:"programs"` // a hash of them
	Rounds   int    `json:"rounds"`
	Elapsed  int64  `json:"elapsed_ns"`
	// Disturbance is what went on meanwhile; zero: unknown.
	Disturbance devices.Disturbance `json:"disturbance,omitzero"`
	Reference   []modelState        `json:"reference"` // by look
	Models      []modelState        `json:"models"`
}

type modelState struct {
	Bytes int      `json:"streamed_bytes"`
	Looks looks    `json:"pace"` // by round
	Whole series   `json:"whole"`
	Ops   []series `json:"ops,omitempty"`
}

func newState(programs []*space.Program) *State {
	s := emptyState(len(programs))
	hash := sha256.New()
	for i, p := range programs {
		ops, count := p.Ops()
		s.Models[i].Bytes, s.Models[i].Ops = p.Streamed(), make([]series, len(ops))
		fmt.Fprintf(hash, "%d\n", p.Streamed())
		for _, o := range ops {
			fmt.Fprintf(hash, "%d %v\n", count[o], o)
		}
	}
	s.Programs = hex.EncodeToString(hash.Sum(nil))
	return s
}

// Fits reports whether s is a state of measuring programs.
func (s *State) Fits(programs []*space.Program) bool { return s.fits(newState(programs)) }

// fits reports whether s is of the programs that an empty state was made for, and
// could have been measured.
func (s *State) fits(empty *State) bool {
	if s.Programs != empty.Programs || len(s.Models) != len(empty.Models) || len(s.Reference) != references || s.Rounds < 0 || s.Elapsed < 0 ||
		s.Rounds > len(s.Reference[0].Whole.Fastest) || s.Disturbance.Validate() != nil {
		return false
	}
	for i := range s.Reference {
		if len(s.Reference[i].Ops) != 0 || !s.Reference[i].fits() {
			return false
		}
	}
	for i := range s.Models {
		if s.Rounds > len(s.Models[i].Whole.Fastest) || s.Models[i].Bytes != empty.Models[i].Bytes || len(s.Models[i].Ops) != len(empty.Models[i].Ops) || !s.Models[i].fits() {
			return false
		}
		for j := range s.Models[i].Ops {
			if o := &s.Models[i].Ops[j]; !o.fits() || len(o.Fastest) != len(s.Models[i].Whole.Fastest) {
				return false
			}
		}
	}
	return true
}

func (m *modelState) fits() bool {
	for _, list := range [][]float64{m.Looks.Before, m.Looks.After} {
		if len(list) != len(m.Whole.Fastest) {
			return false
		}
		for _, v := range list {
			if !(v >= minTime && v <= maxTime) {
				return false
			}
		}
	}
	return m.Whole.fits()
}

func (s *series) fits() bool {
	for i, v := range s.Fastest {
		if len(s.Medians) != len(s.Fastest) || !(minTime <= v && v <= s.Medians[i] && s.Medians[i] <= maxTime) {
			return false
		}
	}
	return s.Samples >= len(s.Fastest)
}

// done reports whether more rounds would teach nothing.
func (s *State) done(p Pace) bool {
	return !slices.ContainsFunc(s.Models, func(m modelState) bool { return !m.done(p) })
}

// reference is the mean over the looks: each is an estimate as those of the models
// are, from one look a round.
func (s *State) reference(p Pace) Entry {
	var mean Entry
	n, variance := 0.0, 0.0
	for i := range s.Reference {
		if len(s.Reference[i].Whole.Fastest) == 0 {
			continue
		}
		e := s.Reference[i].entry(p)
		n++
		for _, v := range [][2]*float64{{&mean.Floor, &e.Floor}, {&mean.Median, &e.Median}, {&mean.Low, &e.Low}, {&mean.High, &e.High}} {
			*v[0] += (*v[1] - *v[0]) / n
		}
		if n == 1 || e.Reached < mean.Reached {
			mean.Rounds, mean.Reached = e.Rounds, e.Reached
		}
		mean.Samples += e.Samples
		variance += e.Error * e.Error
	}
	mean.Error = math.Sqrt(variance) / max(n, 1)
	return mean
}

// entry is that of the run as a whole, and op that of an op in it.
func (m *modelState) entry(p Pace) Entry { return m.Whole.entry(&m.Looks, p.sized(m.Bytes)) }
func (m *modelState) op(i int, p Pace) Entry {
	return m.Ops[i].entry(&m.Looks, p.sized(m.Bytes))
}

// done reports whether more rounds would teach nothing: the floors of the run as a
// whole and of nine of ten ops are confirmed, or rounds were very many.
func (m *modelState) done(p Pace) bool {
	if n := len(m.Whole.Fastest); n < goodRounds || n >= maxRounds {
		return n >= maxRounds
	}
	open := 0
	for i := range m.Ops {
		if !m.op(i, p).Quorum() {
			open++
		}
	}
	return 10*open <= len(m.Ops) && m.entry(p).Quorum()
}

// table sums up what s holds of programs.
func (s *State) table(programs []*space.Program, pace Pace) *Table {
	t := &Table{Pace: pace, Reference: s.reference(pace)}
	for i, p := range programs {
		t.Models = append(t.Models, s.Models[i].model(p, pace))
	}
	return t
}

// model sums up what m holds of a program.
func (m *modelState) model(p *space.Program, pace Pace) Model {
	sum := Model{Bytes: p.Streamed()}
	if (p.Workload != space.Workload{}) {
		sum.Whole = m.entry(pace)
	}
	ops, count := p.Ops()
	for i, o := range ops {
		sum.Ops = append(sum.Ops, OpEntry{o, count[o], m.op(i, pace)})
	}
	return sum
}

const (
	stateFormat  = "nas-profile-part"
	stateVersion = 1
)

type stateFile struct {
	Format   string     `json:"format"`
	Version  int        `json:"version"`
	Checksum string     `json:"checksum"`
	Content  Checkpoint `json:"content"`
}

// Checkpoint is the file of a profile in the making: whole tables, and the state of
// the one at work.
type Checkpoint struct {
	Settings string        `json:"settings"` // of the whole profile; another one cannot go on from here
	Tables   []tableJSON   `json:"tables,omitempty"`
	Elapsed  time.Duration `json:"elapsed_ns,omitempty"` // that the tables took
	Limit    float64       `json:"limit"`                // that the covering of the state was made with
	State    *State        `json:"state,omitempty"`
}

// Add puts a finished table, which took so long, into c and ends the state.
func (c *Checkpoint) Add(t *Table, took time.Duration) {
	c.Tables = append(c.Tables, t.json())
	c.Elapsed += took
	c.State = nil
}

// Finished are the tables that c holds.
func (c *Checkpoint) Finished() (list []*Table, err error) {
	for _, j := range c.Tables {
		t, err := j.table()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// Write writes c to path, whole or not at all.
func (c *Checkpoint) Write(path string) error {
	sum, err := checksum(c)
	if err != nil {
		return err
	}
	data, err := json.Marshal(stateFile{stateFormat, stateVersion, sum, *c})
	if err != nil {
		return fmt.Errorf("latency: %w", err)
	}
	return atomicfile.Write(path, append(data, '\n'))
}

// ReadCheckpoint reads what Write wrote.
func ReadCheckpoint(path string) (*Checkpoint, error) {
	data, err := strictjson.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	c, err := parseCheckpoint(data)
	if err != nil {
		return nil, fmt.Errorf("latency: %s:%w", path, err)
	}
	return c, nil
}

func parseCheckpoint(data []byte) (*Checkpoint, error) {
	var f stateFile
	if err := strictjson.Decode(data, &f); err != nil {
		return nil, err
	}
	if f.Format != stateFormat || f.Version != stateVersion {
		return nil, fmt.Errorf(" format %.20q version %d is no checkpoint of a profile", f.Format, f.Version)
	}
	if sum, err := checksum(&f.Content); err != nil || sum != f.Checksum {
		return nil, errors.New(" the content does not match its checksum: the file was damaged or edited")
	}
	if f.Content.Elapsed < 0 || f.Content.Limit < 0 {
		return nil, fmt.Errorf(" tables that took %v, models that cost %v", f.Content.Elapsed, f.Content.Limit)
	}
	if _, err := f.Content.Finished(); err != nil {
		return nil, err
	}
	return &f.Content, nil
}
