package search

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"nas/space"
)

// State is all that a search between two generations knows, so that it can go on
// in another process and end with the same result. Costs are the bits of float64.
type State struct {
	Algorithm  Algorithm        `json:"algorithm"`
	Seed       uint64           `json:"seed"`
	Evaluated  int              `json:"evaluated"`
	Bred       uint64           `json:"bred"`
	Stride     int              `json:"stride"`
	Idle       int              `json:"idle"`
	SeenCount  int              `json:"seen_count"`
	Archive    [][]StateMember  `json:"archive"` // block by block
	Broken     []StateMember    `json:"broken"`
	Population []StateMember    `json:"population"`
	History    []HistoryPoint   `json:"history"`
	Worst      []uint64         `json:"worst"`
	Best       []uint64         `json:"best"`
	Others     [2][]space.Genes `json:"others"` // see Result.Others
	Seen       []uint64         `json:"-"`      // new since the last state; a state to resume from has all
}

// StateMember is an architecture in a State.
type StateMember struct {
	Genes     space.Genes `json:"genes"`
	Costs     []uint64    `json:"costs"`
	Violation uint64      `json:"violation"`
	Used      int         `json:"used,omitempty"` // how many children it has
	Rank      int         `json:"rank,omitempty"`
	Crowding  uint64      `json:"crowding,omitempty"`
}

func pack(costs []float64) []uint64 {
	bits := make([]uint64, len(costs))
	for i, v := range costs {
		bits[i] = math.Float64bits(v)
	}
	return bits
}

func unpack(bits []uint64) []float64 {
	costs := make([]float64, len(bits))
	for i, v := range bits {
		costs[i] = math.Float64frombits(v)
	}
	return costs
}

// state takes a picture of r and forgets which hashes are new; those of an earlier
// picture that was not saved are added.
func (r *run) state(unsaved *State) *State {
	s := &State{Algorithm: r.Algorithm, Seed: r.Seed, Evaluated: r.evaluated, Bred: r.bred, Stride: r.stride, Idle: r.idle, SeenCount: r.seen.n,
		History: slices.Clone(r.history), Worst: pack(r.worst), Best: pack(r.best), Seen: r.news}
	r.news = nil
	if unsaved != nil {
		s.Seen = append(unsaved.Seen, s.Seen...)
	}
	for i := range r.others {
		s.Others[i] = r.others[i].genes()
	}
	for _, b := range r.archive.blocks {
		var members []StateMember
		for _, m := range b.members {
			members = append(members, StateMember{Genes: m.genes, Costs: pack(m.costs), Used: *m.used})
		}
		s.Archive = append(s.Archive, members)
	}
	for _, c := range r.broken {
		s.Broken = append(s.Broken, StateMember{Genes: c.genes, Costs: pack(c.values), Violation: math.Float64bits(c.violation)})
	}
	for _, p := range r.population {
		s.Population = append(s.Population, StateMember{p.genes, pack(p.costs), math.Float64bits(p.violation), 0, p.rank, math.Float64bits(p.crowding)})
	}
	return s
}

// restore puts r where s was taken. An error leaves r unusable.
func (r *run) restore(s *State) error {
	if s.Algorithm != r.Algorithm || s.Seed != r.Seed {
		return fmt.Errorf("search: the state is of algorithm %s and seed %d, not %s and %d", s.Algorithm, s.Seed, r.Algorithm, r.Seed)
	}
	check := func(m StateMember) error {
		if len(m.Costs) != len(r.objectives) {
			return errors.New("search: the state has other objectives")
		}
		return r.space.Check(m.Genes)
	}
	if n := len(s.Worst); n != len(s.Best) || n != 0 && n != len(r.objectives) {
		return errors.New("search: the state has other objectives")
	}
	r.evaluated, r.bred, r.stride, r.idle = s.Evaluated, s.Bred, s.Stride, s.Idle
	r.history, r.worst, r.best = slices.Clone(s.History), unpack(s.Worst), unpack(s.Best)
	for _, h := range s.Seen {
		r.seen.insert(h)
	}
	if r.seen.n != s.SeenCount {
		return fmt.Errorf("search: the state has %d of %d hashes", r.seen.n, s.SeenCount)
	}
	for _, members := range s.Archive {
		b := &block{members: make([]entry, 0, blockSize)}
		for _, m := range members {
			if err := check(m); err != nil {
				return err
			}
			b.members = append(b.members, entry{m.Genes, unpack(m.Costs), &m.Used})
		}
		if len(members) == 0 || len(members) >= blockSize {
			return fmt.Errorf("search: the state has a block of %d members", len(members))
		}
		b.bound()
		r.archive.blocks = append(r.archive.blocks, b)
		r.archive.size += len(b.members)
	}
	for i, list := range s.Others {
		if len(list) > mostOthers {
			return fmt.Errorf("search: the state has a sample of %d", len(list))
		}
		for _, g := range list {
			if err := r.space.Check(g); err != nil {
				return err
			}
			r.others[i].add(g, hash(g))
		}
	}
	for _, m := range s.Broken {
		if err := check(m); err != nil {
			return err
		}
		r.broken = append(r.broken, child{genes: m.Genes, values: unpack(m.Costs), violation: math.Float64frombits(m.Violation)})
	}
	for _, m := range s.Population {
		if err := check(m); err != nil {
			return err
		}
		r.population = append(r.population, individual{m.Genes, unpack(m.Costs), math.Float64frombits(m.Violation), m.Rank, math.Float64frombits(m.Crowding)})
	}
	return nil
}
