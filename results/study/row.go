package study

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
)

// digest is a checksum.
type digest [16]byte

// digestOf covers a row's table, key and data.
func digestOf(table, key string, data []byte) (d digest) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %d ", table, key, len(data))
	h.Write(data)
	copy(d[:], h.Sum(nil))
	return d
}

// tally is how many rows a table has, and the exclusive or of their checksums: a lost
// or doubled row is found by it.
type tally struct {
	rows int64
	mix  digest
}

func (t *tally) add(d digest, rows int64) {
	t.rows += rows
	for i := range d {
		t.mix[i] ^= d[i]
	}
}

func (t tally) digest(table string) digest {
	return digestOf("tally", table, binary.BigEndian.AppendUint64(t.mix[:], uint64(t.rows)))
}

func putTally(tx *sql.Tx, table string, t tally) error {
	d := t.digest(table)
	_, err := tx.Exec("INSERT OR REPLACE INTO tally (name, rows, mix, sum) VALUES (?, ?, ?, ?)", table, t.rows, t.mix[:], d[:])
	return err
}

func readTally(tx interface {
	QueryRow(string, ...any) *sql.Row
}, table string) (t tally, err error) {
	var mix, sum []byte
	if err := tx.QueryRow("SELECT rows, mix, sum FROM tally WHERE name = ?", table).Scan(&t.rows, &mix, &sum); err != nil {
		return t, fmt.Errorf("%w: table %s has no tally: %w", ErrCorrupt, table, err)
	}
	copy(t.mix[:], mix)
	if d := t.digest(table); len(mix) != len(t.mix) || string(sum) != string(d[:]) {
		return t, fmt.Errorf("%w: the tally of table %s", ErrCorrupt, table)
	}
	return t, nil
}

// put writes a row of a table, and its tally.
func put(tx *sql.Tx, table, column string, key any, data []byte) error {
	t, err := readTally(tx, table)
	if err != nil {
		return err
	}
	old, known, err := get(tx, table, column, key)
	if err != nil {
		return err
	}
	name := fmt.Sprint(key)
	if known {
		t.add(digestOf(table, name, old), -1)
	}
	if data == nil {
		data = []byte{} // NULL is no data
	}
	d := digestOf(table, name, data)
	t.add(d, 1)
	if _, err := tx.Exec(fmt.Sprintf("INSERT OR REPLACE INTO %s (%s, data, sum) VALUES (?, ?, ?)", table, column), key, data, d[:]); err != nil {
		return err
	}
	return putTally(tx, table, t)
}

// get reads a row and checks it.
func get(tx interface {
	QueryRow(string, ...any) *sql.Row
}, table, column string, key any) (data []byte, known bool, err error) {
	var sum []byte
	err = tx.QueryRow(fmt.Sprintf("SELECT data, sum FROM %s WHERE %s = ?", table, column), key).Scan(&data, &sum)
	if err == sql.ErrNoRows {
		return nil, false, nil
	}
	if d := digestOf(table, fmt.Sprint(key), data); err == nil && string(sum) != string(d[:]) {
		err = fmt.Errorf("%w: row %v of table %s", ErrCorrupt, key, table)
	}
	return data, err == nil, err
}

// drop removes all rows of a table.
func drop(tx *sql.Tx, table string) error {
	if _, err := tx.Exec("DELETE FROM " + table); err != nil {
		return err
	}
	return putTally(tx, table, tally{})
}

// each yields the rows of a table by key, checked.
func each(db interface {
	Query(string, ...any) (*sql.Rows, error)
}, table, column string, do func(key string, data []byte) error) (t tally, err error) {
	rows, err := db.Query(fmt.Sprintf("SELECT %s, data, sum FROM %s ORDER BY %s", column, table, column))
	if err != nil {
		return t, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var data, sum []byte
		if err := rows.Scan(&key, &data, &sum); err != nil {
			return t, err
		}
		d := digestOf(table, key, data)
		if string(sum) != string(d[:]) {
			return t, fmt.Errorf("%w: row %.60q of table %s", ErrCorrupt, key, table)
		}
		t.add(d, 1)
		if err := do(key, data); err != nil {
			return t, err
		}
	}
	return t, rows.Err()
}

// verify checks the whole file: SQLite's structure, every row, every tally.
func (s *Study) verify(version int) error {
	var word string
	if err := s.db.QueryRow("PRAGMA quick_check(1)").Scan(&word); err != nil {
		return err
	}
	if word != "ok" {
		return fmt.Errorf("%w: %.100s", ErrCorrupt, word)
	}
	for _, t := range tables {
		if t.since > version {
			continue
		}
		want, err := readTally(s.db, t.name)
		if err != nil {
			return err
		}
		got, err := each(s.db, t.name, t.key, func(string, []byte) error { return nil })
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: table %s has %d rows, or others than its tally of %d", ErrCorrupt, t.name, got.rows, want.rows)
		}
	}
	return nil
}
