//go:build unix

package evaluator

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// After a time limit nothing of the child's process group lives on: the pipe that
// its descendant held open is at its end.
func TestCommandKillsDescendants(t *testing.T) {
	pipe, wish := filepath.Join(t.TempDir(), "pipe"), filepath.Join(t.TempDir(), "wish")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(wish, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := command(t, Settings{}, "hold", pipe, wish)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := c.Evaluate(ctx, width(8))
		done <- err
	}()
	held, err := os.Open(pipe) // waits for the descendant
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	cancel()
	if err := <-done; err != context.Canceled {
		t.Error(err)
	}
	held.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.ReadAll(held); err != nil {
		t.Errorf("the descendant lives: %v", err)
	}
}
