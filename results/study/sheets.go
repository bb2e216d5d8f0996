package study

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"nas/internal/strictjson"
	"nas/results"
)

// Settings are what a search was asked: all that its result depends on besides the
// profiles.
type Settings struct {
	Tool        string `json:"tool"` // nas and its version
	Flags       []Flag `json:"flags"`
	Space       string `json:"space"`
	SpaceSource string `json:"space_source"` // YAML
	// Scoring is all that costly scores depend on besides the architecture; empty: there
	// are none.
	Scoring string `json:"scoring,omitempty"`
}

// Flag is a flag of the command with its values.
type Flag struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Flag is the flag of that name.
func (s *Settings) Flag(name string) (Flag, bool) {
	for _, f := range s.Flags {
		if f.Name == name {
			return f, true
		}
	}
	return Flag{}, false
}

// Profile is a device's profile file, byte for byte.
type Profile struct {
	Name string // of the file, without its folder; empty: of this machine
	Data []byte
}

// Rows of the table of sheets.
const (
	settingsSheet = "settings"
	reportSheet   = "report"
	profileSheets = "profile " // and the number and name
)

func (s *Study) begin(settings Settings, profiles []Profile) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	return s.change(func(tx *sql.Tx) error {
		if err := put(tx, "sheet", "name", settingsSheet, text); err != nil {
			return err
		}
		for i, p := range profiles {
			if err := put(tx, "sheet", "name", fmt.Sprintf("%s%02d %s", profileSheets, i, p.Name), p.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

// Settings are those of the search.
func (s *Study) Settings() (settings Settings, err error) {
	data, known, err := get(s.db, "sheet", "name", settingsSheet)
	if err == nil && !known {
		err = fmt.Errorf("%w: no settings", ErrCorrupt)
	}
	if err == nil {
		err = strictjson.Decode(data, &settings)
	}
	if err != nil {
		return settings, fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	return settings, nil
}

// PutSettings takes the place of the settings, where a search is to go on longer.
func (s *Study) PutSettings(settings Settings) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	return s.change(func(tx *sql.Tx) error { return put(tx, "sheet", "name", settingsSheet, text) })
}

// Profiles are those that the search began with, in their order.
func (s *Study) Profiles() (list []Profile, err error) {
	_, err = each(s.db, "sheet", "name", func(key string, data []byte) error {
		if name, ok := strings.CutPrefix(key, profileSheets); ok && len(name) >= 3 {
			list = append(list, Profile{name[3:], append([]byte{}, data...)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	return list, nil
}

// PutReport keeps a report, in the place of the last.
func (s *Study) PutReport(r *results.Report) error {
	var text bytes.Buffer
	if err := results.WriteJSON(&text, r); err != nil {
		return err
	}
	return s.change(func(tx *sql.Tx) error { return put(tx, "sheet", "name", reportSheet, text.Bytes()) })
}

// Report is the last one; nil: none was kept, as the search never came to an end or to
// an interruption.
func (s *Study) Report() (*results.Report, error) {
	data, known, err := get(s.db, "sheet", "name", reportSheet)
	if err != nil || !known {
		return nil, plain(err)
	}
	r, err := results.ReadJSON(data)
	if err != nil {
		return nil, fmt.Errorf("study: %s: the report: %w", s.path, err)
	}
	return r, nil
}
