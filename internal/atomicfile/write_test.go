package atomicfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWriteReplaces(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "x.json")
	for _, text := range []string{"first and longer", "second"} {
		if err := CheckWritable(path); err != nil {
			t.Fatal(err)
		}
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("read %q, %v; want %q", got, err, text)
		}
	}
	only(t, folder, "x.json")
}

// Through a link the file that it means is written.
func TestLinks(t *testing.T) {
	folder := t.TempDir()
	meant, link := filepath.Join(folder, "x.json"), filepath.Join(folder, "link.json")
	if err := os.Symlink(meant, link); err != nil {
		t.Skip(err)
	}
	for _, text := range []string{"first", "second"} {
		if err := os.WriteFile(meant, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := CheckWritable(link); err != nil {
			t.Error(err)
		}
		if err := Write(link, []byte(text)); err != nil {
			t.Error(err)
		}
		got, err := os.ReadFile(meant)
		if err != nil || string(got) != text {
			t.Errorf("read %q, %v; want %q", got, err, text)
		}
	}
	only(t, folder, "x.json", "link.json")
}

// What processes left that were killed long ago is removed, and nothing else.
func TestWriteSweeps(t *testing.T) {
	folder := t.TempDir()
	stay := []string{".x.json.1.0.tmp", ".y.json.1.0.tmp", ".x.json.old.tmp", ".x.json.part.1.0.tmp"}
	for _, name := range append([]string{".x.json.77.0.tmp", ".x.json.77.13.tmp"}, stay...) {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if name == stay[0] {
			continue // of a process that may still be at work
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-2*abandoned)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(folder, "x.json"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	only(t, folder, append(stay, "x.json")...)
}

func TestWhatCannotBeWritten(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(folder, "missing", "x"), filepath.Join(folder, "file", "x"), folder} {
		if err := CheckWritable(path); err == nil {
			t.Errorf("CheckWritable(%s) = nil", path)
		}
		if err := Write(path, []byte("x")); err == nil || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("Write(%s) = %v, want an error that names no other file", path, err)
		}
	}
	only(t, folder, "file")
}

// only fails if the folder holds anything but names.
func only(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	slices.Sort(names)
	if !slices.Equal(found, names) {
		t.Errorf("the folder holds %q; want %q alone", found, names)
	}
}
