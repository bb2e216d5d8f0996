package study

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
)

// Summary is a study at a glance.
type Summary struct {
	Settings    Settings
	Evaluations int    // at the last state
	Members     int    // on the front of the last state
	Stop        string // of the report; empty: there is none, or the search went on since
	Scores      int    // that are kept
	Profiles    int
	Bytes       int64
}

// Summary reads it.
func (s *Study) Summary() (sum Summary, err error) {
	if sum.Settings, err = s.Settings(); err != nil {
		return sum, err
	}
	fail := func(err error) (Summary, error) { return sum, fmt.Errorf("study: %s: %w", s.path, plain(err)) }
	state, err := s.position()
	if err != nil {
		return fail(err)
	}
	if state != nil {
		sum.Evaluations = state.Evaluated
		for _, block := range state.Archive {
			sum.Members += len(block)
		}
	}
	report, err := s.Report()
	if err != nil {
		return fail(err)
	}
	if report != nil && (state == nil || report.Conditions.Evaluations >= state.Evaluated) {
		sum.Stop, sum.Members, sum.Evaluations = report.Conditions.Stop, len(report.Front), report.Conditions.Evaluations
	}
	scores, err := readTally(s.db, "score")
	if err != nil {
		return fail(err)
	}
	profiles, err := s.Profiles()
	if err != nil {
		return fail(err)
	}
	sum.Scores, sum.Profiles = int(scores.rows), len(profiles)
	if info, err := os.Stat(s.path); err == nil {
		sum.Bytes = info.Size()
	}
	return sum, nil
}

// Compact makes the file as small as what it holds.
func (s *Study) Compact() error {
	err := s.change(func(tx *sql.Tx) error {
		var all bytes.Buffer
		last := 0
		if _, err := each(tx, "seen", "id", func(key string, data []byte) error {
			all.Write(data)
			_, err := fmt.Sscan(key, &last)
			return err
		}); err != nil || last == 0 {
			return err
		}
		if err := drop(tx, "seen"); err != nil {
			return err
		}
		return put(tx, "seen", "id", last, all.Bytes())
	})
	if err != nil {
		return err
	}
	for _, command := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.db.Exec(command); err != nil {
			return fmt.Errorf("study: %s: %w", s.path, plain(err))
		}
	}
	return nil
}
