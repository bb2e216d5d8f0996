// Package atomicfile writes files whole or not at all.
package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// abandoned is the age of a temporary file whose process did not live to rename it.
const abandoned = time.Hour

// Write replaces the file at path by data: after a crash at any instant the old or
// the new content is there, never a part. The mode is 0644 under the umask's rule
// of a new file. What a crash left beside path an hour ago or more is removed. Through
// a link the file that it means is replaced; a device or a pipe is written to.
func Write(path string, data []byte) error {
	if isStream(path) {
		return stream(path, data)
	}
	path = meant(path)
	sweep(path)
	f, err := create(path)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	if folder, err := os.Open(filepath.Dir(path)); err == nil {
		folder.Sync() // some systems cannot; the rename stands all the same
		folder.Close()
	}
	return nil
}

// CheckWritable reports why Write to path would fail, and leaves nothing behind:
// for telling a user before the work, not after it.
func CheckWritable(path string) error {
	if isStream(path) {
		return nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("cannot write %s: not a regular file", path)
	}
	path = meant(path)
	f, err := create(path)
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// meant is the file that path is, or is a link to.
func meant(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path
}

func isStream(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(os.ModeDevice|os.ModeNamedPipe) != 0
}

func stream(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.Write(data)
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	return nil
}

// sweep removes the temporary files of path that were abandoned.
func sweep(path string) {
	folder := filepath.Dir(path)
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), "."+filepath.Base(path)+".")
		number, temporary := strings.CutSuffix(number, ".tmp")
		if !ours || !temporary || strings.Trim(number, "0123456789.") != "" {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > abandoned {
			os.Remove(filepath.Join(folder, e.Name()))
		}
	}
}

// create makes the temporary file beside path, so that renaming stays in one file
// system.
func create(path string) (*os.File, error) {
	for i := range 10000 {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.%d.tmp", filepath.Base(path), os.Getpid(), i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", path, cause(err))
		}
		return f, nil
	}
	return nil, fmt.Errorf("cannot write %s: its folder is full of abandoned temporary files", path)
}

// cause is err without the name of the temporary file.
func cause(err error) error {
	var file *os.PathError
	var both *os.LinkError
	switch {
	case errors.As(err, &file):
		return file.Err
	case errors.As(err, &both):
		return both.Err
	}
	return err
}
