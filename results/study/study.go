// Package study keeps what a search knows in one SQLite file: its settings and
// profiles, every costly score, the state to go on from, and the report. What a
// method has returned from is on the disk; a process that is killed loses nothing of
// it and leaves no lock behind.
//
// Every row carries a checksum, and every table the number of its rows and the sum of
// their checksums: a changed bit is found when the file is opened.
package study

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Study is an open file, which no other process can open. It is safe for concurrent
// use.
type Study struct {
	path string
	db   *sql.DB
	was  fs.FileInfo // of the file when it was opened
}

// Errors that Open and Create wrap.
var (
	ErrForeign = errors.New("no study of nas")
	ErrNewer   = errors.New("written by a newer nas")
	ErrCorrupt = errors.New("the file is damaged")
	ErrGone    = errors.New("the file was removed or replaced meanwhile")
	ErrInUse   = errors.New("in use")
)

// InUseError says who has a study open.
type InUseError struct {
	PID int // 0: unknown
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return "another process has it open"
	}
	return fmt.Sprintf("process %d has it open", e.PID)
}
func (e *InUseError) Is(target error) bool { return target == ErrInUse }

// Is reports whether path holds a study, by its first bytes.
func Is(path string) bool {
	_, err := readHeader(path)
	return err == nil || errors.Is(err, ErrNewer)
}

// Create makes a study at path, whole or not at all. A file that exists is an error
// that is fs.ErrExist.
func Create(path string, settings Settings, profiles []Profile) (*Study, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("study: %s: %w", path, fs.ErrExist)
	}
	clearDrafts(path)
	draft, err := os.OpenFile(draftOf(path), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", path, unwritable(err))
	}
	draft.Close()
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			os.Remove(draft.Name() + suffix)
		}
	}()
	db, err := open(draft.Name())
	if err == nil {
		s := &Study{path: draft.Name(), db: db}
		if err = s.migrate(0); err == nil {
			err = s.begin(settings, profiles)
		}
		if err == nil { // closing would not tell that there is no room to take the log in
			_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		}
		if closeErr := db.Close(); err == nil {
			err = closeErr
		}
	}
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", path, plain(err))
	}
	// A link never takes the place of another file; where there are none, a rename.
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("study: %s: %w", path, fs.ErrExist)
	} else if err != nil {
		if err := os.Rename(draft.Name(), path); err != nil {
			return nil, fmt.Errorf("study: %s: %w", path, err)
		}
	}
	syncFolder(filepath.Dir(path))
	return Open(path)
}

func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		folder.Sync()
		folder.Close()
	}
}

// Open opens a study, checks all of it, and brings an older version up to date. What
// is no study, newer, damaged or in use is refused and left as it is.
func Open(path string) (*Study, error) {
	version, err := readHeader(path)
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", path, err)
	}
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return nil, fmt.Errorf("study: %s: %w", path, unwritable(err))
	} else {
		f.Close()
	}
	db, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("study: %s: %w", path, plain(err))
	}
	clearDrafts(path)
	s := &Study{path: path, db: db}
	if err = db.QueryRow("PRAGMA user_version").Scan(&version); err == nil {
		if version > Version {
			err = ErrNewer
		} else if err = s.verify(version); err == nil {
			err = s.migrate(version)
		}
	}
	if err == nil {
		s.was, err = os.Stat(path)
	}
	if err != nil {
		db.Close()
		if busy(err) {
			err = &InUseError{owner(path)}
		}
		return nil, fmt.Errorf("study: %s: %w", path, plain(err))
	}
	return s, nil
}

// Path is the file.
func (s *Study) Path() string { return s.path }

// Close leaves a single file behind.
func (s *Study) Close() error {
	if err := s.there(); err != nil {
		s.db.Close()
		return err
	}
	return s.db.Close()
}

// there tells whether the file is still the one that was opened: SQLite would go on
// writing to a file without a name.
func (s *Study) there() error {
	if s.was == nil {
		return nil // a draft
	}
	is, err := os.Stat(s.path)
	if err != nil || !os.SameFile(s.was, is) {
		return fmt.Errorf("study: %s: %w", s.path, ErrGone)
	}
	return nil
}

// change runs do in a transaction that is on the disk when it returns.
func (s *Study) change(do func(*sql.Tx) error) error {
	if err := s.there(); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err == nil {
		if err = do(tx); err != nil {
			tx.Rollback()
		} else {
			err = tx.Commit()
		}
	}
	if err != nil && s.was != nil { // of a draft, who makes it says which study it is
		err = fmt.Errorf("study: %s: %w", s.path, plain(err))
	}
	return err
}

// open opens the one connection that holds the file's lock until it is closed.
func open(path string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(absolute)
	if slashed[0] != '/' {
		slashed = "/" + slashed // a Windows drive
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: slashed, RawQuery: "mode=rw"}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxLifetime(0)
	for _, pragma := range []string{"locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"} {
		if _, err := db.Exec("PRAGMA " + pragma); err != nil {
			db.Close()
			if busy(err) {
				err = &InUseError{owner(path)}
			}
			return nil, err
		}
	}
	return db, nil
}

func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return sqlite3.SQLITE_OK
}

func busy(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED
}

// unwritable is what opening for writing failed with, which on a file system mounted
// read-only is no lack of permission to the system, but is to the user.
func unwritable(err error) error {
	err = cause(err)
	if errors.Is(err, syscall.EROFS) {
		err = fmt.Errorf("%w: %w", err, fs.ErrPermission)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the file and its folder must be writable: %w", err)
	}
	return err
}

// cause is a fault of a file without the file's name.
func cause(err error) error {
	var fault *fs.PathError
	if errors.As(err, &fault) {
		return fault.Err
	}
	return err
}

// plain says SQLite's errors in the words of this package.
func plain(err error) error {
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case sqlite3.SQLITE_FULL:
		return errors.New("the disk is full")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return unwritable(fs.ErrPermission)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk cannot be written or read: %w", err)
	}
	return err
}
