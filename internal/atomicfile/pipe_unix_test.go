//go:build unix

package atomicfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe is written to, also through a link, and stays. (A device would be the same, but
// where it is not, a test must not find that out on the machine's own.)
func TestPipe(t *testing.T) {
	folder := t.TempDir()
	pipe, link := filepath.Join(folder, "pipe"), filepath.Join(folder, "link")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(pipe, link); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, link} {
		got := make(chan string, 1)
		go func() {
			data, _ := os.ReadFile(pipe)
			got <- string(data)
		}()
		if err := CheckWritable(path); err != nil {
			t.Fatal(err)
		}
		if err := Write(path, []byte("text")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			t.Fatalf("the pipe is another file: %v, %v", info, err)
		}
		if text := <-got; text != "text" {
			t.Errorf("read %q, want %q", text, "text")
		}
	}
	only(t, folder, "pipe", "link")
}
