package search

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A search that is stopped anywhere and goes on from its saved state, as text, ends
// with the result of one that was not.
func TestResume(t *testing.T) {
	s := load(t, "decoder-compact")
	for _, algorithm := range Algorithms {
		for _, memory := range []int64{8 << 20, 3 << 20} {
			p := additive(t, s, Limits{Memory: memory})
			settings := Settings{Algorithm: algorithm, Evaluations: 120000, Seed: 3}
			if testing.Short() {
				settings.Evaluations = 70000
			}
			var states []*State
			settings.Save = func(s *State) error { states = append(states, s); return nil }
			want := mustRun(t, p, settings)
			if len(states) < 3 || want.Evaluations-states[len(states)-1].Evaluated > generation {
				t.Fatalf("%s: %d states", algorithm, len(states))
			}
			for at, state := range states {
				if testing.Short() && at != 1 {
					continue
				}
				text, err := json.Marshal(state)
				if err != nil {
					t.Fatal(err)
				}
				var back State
				if err := json.Unmarshal(text, &back); err != nil {
					t.Fatal(err)
				}
				for _, s := range states[:at+1] {
					back.Seen = append(back.Seen, s.Seen...)
				}
				again := settings
				again.Save, again.Resume, again.Workers = nil, &back, 2
				if diff := cmp.Diff(want, mustRun(t, p, again)); diff != "" {
					t.Errorf("%s, resumed after %d evaluations, gives another result:\n%.600s", algorithm, state.Evaluated, diff)
				}
			}
		}
	}
}

func TestSaveFails(t *testing.T) {
	full := errors.New("disk full")
	_, err := Run(t.Context(), additive(t, load(t, "encoder-compact"), Limits{}), Settings{Evaluations: 100000, Save: func(*State) error { return full }})
	if !errors.Is(err, full) {
		t.Errorf("got %v, want %v", err, full)
	}
}

func TestResumeRefuses(t *testing.T) {
	p := additive(t, load(t, "encoder-compact"), Limits{Memory: 8 << 20})
	var good *State
	settings := Settings{Evaluations: 3000, Seed: 3, Save: func(s *State) error { good = s; return nil }}
	mustRun(t, p, settings)
	settings.Save = nil
	for name, spoil := range map[string]func(*State){
		"seed":       func(s *State) { s.Seed++ },
		"algorithm":  func(s *State) { s.Algorithm = Local },
		"hashes":     func(s *State) { s.Seen = s.Seen[1:] },
		"genes":      func(s *State) { s.Archive[0][0].Genes = []byte{9, 9, 9} },
		"depth":      func(s *State) { s.Archive[0][0].Genes = s.Archive[0][0].Genes[:7] },
		"objectives": func(s *State) { s.Archive[0][0].Costs = s.Archive[0][0].Costs[:1] },
		"block":      func(s *State) { s.Archive[0] = nil },
	} {
		text, _ := json.Marshal(good)
		var s State
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		s.Seen = good.Seen
		spoil(&s)
		settings.Resume = &s
		if _, err := Run(t.Context(), p, settings); err == nil {
			t.Errorf("%s: a spoilt state is taken", name)
		}
	}
}

func TestStandsStill(t *testing.T) {
	p := additive(t, load(t, "encoder-compact"), Limits{Memory: 8 << 20})
	r := mustRun(t, p, Settings{Evaluations: 300000, Seed: 1, Still: 0.01})
	if r.Stop != StandsStill || r.Evaluations >= 300000 || len(r.History) < 2 {
		t.Errorf("%q after %d evaluations, %d points of history", r.Stop, r.Evaluations, len(r.History))
	}
	for i := 1; i < len(r.History); i++ {
		if r.History[i].Hypervolume < r.History[i-1].Hypervolume {
			t.Errorf("the hypervolume fell: %v", r.History)
		}
	}
}

// A search that ended with its budget and is given more ends as one long search does.
func TestExtend(t *testing.T) {
	s := load(t, "encoder-compact")
	for _, algorithm := range Algorithms {
		for _, evaluations := range []int{3000, 40000} {
			p := additive(t, s, Limits{Memory: 8 << 20})
			settings := Settings{Algorithm: algorithm, Evaluations: evaluations, Seed: 3}
			var last *State
			var hashes []uint64
			settings.Save = func(s *State) error { last, hashes = s, append(hashes, s.Seen...); return nil }
			mustRun(t, p, settings)
			longer := Settings{Algorithm: algorithm, Evaluations: evaluations + 20001, Seed: 3}
			want := mustRun(t, p, longer)
			longer.Resume = last
			longer.Resume.Seen = hashes
			if diff := cmp.Diff(want, mustRun(t, p, longer)); diff != "" {
				t.Errorf("%s, %d and 20001 more, gives another result than all at once:\n%.600s", algorithm, evaluations, diff)
			}
		}
	}
}

// A clock that is set back, or stands, loses no state and changes no result.
func TestClockSetBack(t *testing.T) {
	p := additive(t, load(t, "encoder-compact"), Limits{Memory: 8 << 20})
	settings := Settings{Evaluations: 200000, Seed: 3, SaveInterval: time.Hour}
	want := mustRun(t, p, settings)
	now, states := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), 0
	settings.Save = func(*State) error { states++; return nil }
	settings.clock = func() time.Time { now = now.AddDate(-1, 0, 0); return now }
	if diff := cmp.Diff(want, mustRun(t, p, settings)); diff != "" {
		t.Errorf("another result:\n%.600s", diff)
	}
	if states < 4 {
		t.Errorf("%d states were saved while the clock ran backwards", states)
	}
}
