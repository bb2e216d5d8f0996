package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
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

func TestWhatCannotBeWritten(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(folder, "missing", "x"), filepath.Join(folder, "file", "x"), folder} {
		if err := CheckWritable(path); err == nil {
			t.Errorf("CheckWritable(%s) = nil", path)
		}
		if err := Write(path, []byte("x")); err == nil {
			t.Errorf("Write(%s) = nil", path)
		}
	}
	only(t, folder, "file")
}

// only fails if the folder holds anything but name.
func only(t *testing.T, folder, name string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("the folder holds %v, %v; want %s alone", entries, err, name)
	}
}
