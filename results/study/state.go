package study

import (
	"bytes"
	"compress/flate"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"nas/search"
)

// maxState bounds what a state unpacks to.
const maxState = 1 << 30

// Save keeps a state in the place of the last, and adds its hashes. It is what
// search.Settings.Save takes.
func (s *Study) Save(state *search.State) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	hashes := make([]byte, 0, 8*len(state.Seen))
	for _, h := range state.Seen {
		hashes = binary.LittleEndian.AppendUint64(hashes, h)
	}
	packed := pack(text)
	return s.change(func(tx *sql.Tx) error {
		if err := put(tx, "state", "id", 1, packed); err != nil || len(hashes) == 0 {
			return err
		}
		// Hashes are numbered by how many there are with them.
		return put(tx, "seen", "id", state.SeenCount, hashes)
	})
}

// State is the last one, with the hashes of all; nil: none was saved.
func (s *Study) State() (*search.State, error) {
	state, err := s.state()
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	return state, nil
}

func (s *Study) state() (*search.State, error) {
	state, err := s.position()
	if err != nil || state == nil {
		return nil, err
	}
	_, err = each(s.db, "seen", "id", func(_ string, data []byte) error {
		if len(data)%8 != 0 {
			return fmt.Errorf("%w: %d bytes of hashes", ErrCorrupt, len(data))
		}
		for ; len(data) > 0; data = data[8:] {
			state.Seen = append(state.Seen, binary.LittleEndian.Uint64(data))
		}
		return nil
	})
	return state, err
}

// position is the last state without its hashes.
func (s *Study) position() (*search.State, error) {
	packed, known, err := get(s.db, "state", "id", 1)
	if err != nil || !known {
		return nil, err
	}
	text, err := unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("%w: the state: %w", ErrCorrupt, err)
	}
	var state search.State
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("%w: the state: %w", ErrCorrupt, err)
	}
	return &state, nil
}

// History is that of the last state, which may be ahead of the report's.
func (s *Study) History() ([]search.HistoryPoint, error) {
	state, err := s.position()
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	if state == nil {
		return nil, nil
	}
	return state.History, nil
}

func pack(text []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed) // the level exists
	w.Write(text)                                // a buffer takes all
	w.Close()
	return b.Bytes()
}

func unpack(packed []byte) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxState+1))
	if len(text) > maxState {
		err = fmt.Errorf("more than %d bytes", maxState)
	}
	return text, err
}
