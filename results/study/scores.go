package study

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"nas/internal/strictjson"
)

// Score is what a costly evaluator said of an architecture.
type Score struct {
	Value      float64 `json:"value"`
	Resolution float64 `json:"resolution"`
	Failure    string  `json:"failure,omitempty"` // why there is no score; the others are then 0
	Curve      []Point `json:"curve,omitempty"`   // of a training
}

// Point of a learning curve.
type Point struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"` // nats per token
}

// scoreKey keeps evaluators apart: identity is all that their scores depend on besides
// the architecture, such as name, data and seed.
func scoreKey(identity, architecture string) string { return identity + "\x00" + architecture }

// PutScore keeps the score of an architecture (space.Arch.Key) by an evaluator, in the
// place of an earlier one.
func (s *Study) PutScore(identity, architecture string, score Score) error {
	values := []float64{score.Value, score.Resolution}
	for _, p := range score.Curve {
		values = append(values, p.Loss)
	}
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("study: a score of %v", v)
		}
	}
	if strings.Contains(identity, "\x00") {
		return fmt.Errorf("study: identity %q", identity)
	}
	text, err := json.Marshal(score)
	if err != nil {
		return err
	}
	return s.change(func(tx *sql.Tx) error { return put(tx, "score", "name", scoreKey(identity, architecture), text) })
}

// Score is the score of an architecture by an evaluator, if it is known.
func (s *Study) Score(identity, architecture string) (score Score, known bool, err error) {
	data, known, err := get(s.db, "score", "name", scoreKey(identity, architecture))
	if err == nil && known {
		err = strictjson.Decode(data, &score)
	}
	if err != nil {
		return Score{}, false, fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	return score, known, nil
}

// Scores are all of an evaluator, by architecture.
func (s *Study) Scores(identity string) (map[string]Score, error) {
	list := map[string]Score{}
	_, err := each(s.db, "score", "name", func(key string, data []byte) error {
		architecture, ok := strings.CutPrefix(key, scoreKey(identity, ""))
		if !ok {
			return nil
		}
		var score Score
		if err := strictjson.Decode(data, &score); err != nil {
			return err
		}
		list[architecture] = score
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	return list, nil
}
