package study

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// application marks the file in its header: "nas" and a byte above text.
const application uint32 = 0x6e6173f1

// steps lead from one version of the format to the next.
var steps = []string{
	// 1: settings, profiles, report; the last state; the hashes of all states.
	`CREATE TABLE sheet (name TEXT PRIMARY KEY, data BLOB NOT NULL, sum BLOB NOT NULL) STRICT, WITHOUT ROWID;
	 CREATE TABLE state (id INTEGER PRIMARY KEY, data BLOB NOT NULL, sum BLOB NOT NULL) STRICT;
	 CREATE TABLE seen (id INTEGER PRIMARY KEY, data BLOB NOT NULL, sum BLOB NOT NULL) STRICT;
	 CREATE TABLE tally (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, mix BLOB NOT NULL, sum BLOB NOT NULL) STRICT, WITHOUT ROWID;`,
	// 2: costly scores.
	`CREATE TABLE score (name TEXT PRIMARY KEY, data BLOB NOT NULL, sum BLOB NOT NULL) STRICT, WITHOUT ROWID;`,
	// 3: states and reports hold a sample of what is not on the front.
	``,
}

// Version is the format that is written.
var Version = len(steps)

// tables that carry a tally, and since which version.
var tables = []struct {
	name, key string
	since     int
}{{"sheet", "name", 1}, {"state", "id", 1}, {"seen", "id", 1}, {"score", "name", 2}}

// migrate brings a file of a version to Version, in one transaction.
func (s *Study) migrate(from int) error {
	if from == Version {
		return nil
	}
	return s.change(func(tx *sql.Tx) error { return upgrade(tx, from, Version) })
}

func upgrade(tx *sql.Tx, from, to int) error {
	for _, step := range steps[from:to] {
		if _, err := tx.Exec(step); err != nil {
			return err
		}
	}
	for _, t := range tables {
		if t.since > from && t.since <= to {
			if err := putTally(tx, t.name, tally{}); err != nil {
				return err
			}
		}
	}
	_, err := tx.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", signed(application), to))
	return err
}

// signed is how SQLite spells an id.
func signed(id uint32) int32 { return int32(id) }

// readHeader reads the version from the first bytes of a file, so that what is no
// study is not touched.
func readHeader(path string) (version int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, ErrForeign
	}
	var header [100]byte
	if _, err := io.ReadFull(f, header[:]); err != nil || !bytes.HasPrefix(header[:], []byte("SQLite format 3\x00")) {
		return 0, ErrForeign
	}
	if binary.BigEndian.Uint32(header[68:]) != application {
		return 0, ErrForeign
	}
	version = int(int32(binary.BigEndian.Uint32(header[60:])))
	if version > Version {
		return version, ErrNewer
	}
	page := int64(binary.BigEndian.Uint16(header[16:]))
	if page == 1 {
		page = 1 << 16
	}
	if version < 1 || page == 0 {
		return version, ErrCorrupt
	}
	if _, err := os.Stat(path + "-wal"); err != nil && info.Size() != page*int64(binary.BigEndian.Uint32(header[28:])) {
		return version, fmt.Errorf("%w: it is cut off, or something was appended", ErrCorrupt)
	}
	return version, nil
}
