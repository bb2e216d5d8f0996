package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// board is a folder with a space and its profile board.json, and nas run there as a
// process.
func board(t *testing.T, name, text string) (folder string, command func(args ...string) *exec.Cmd) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	command = func(args ...string) *exec.Cmd {
		c := exec.Command(os.Args[0], args...)
		c.Dir, c.Env = folder, append(os.Environ(), asCommand+"=1")
		return c
	}
	if out, err := command("profile", "--space", "./"+name, "-o", "board.json", "--time", "100ms").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return folder, command
}
