package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A search whose front has no room on the disk has found it all the same.
func TestSearchOnFullDisk(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=4k"); err != nil {
		t.Skipf("no small file system to fill: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(folder, unix.MNT_DETACH) })
	ask := strings.Fields("search --device raspberry-pi-5 --memory 3MiB --evaluations 2000 --format json")
	var want, got, errs bytes.Buffer
	if code := run(context.Background(), ask, nil, &want, &errs); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	errs.Reset()
	if code := run(context.Background(), append(ask, "-o", filepath.Join(folder, "front.json")), nil, &got, &errs); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes on standard output, want %d", got.Len(), want.Len())
	}
	if text := "no space left on device; the result went to standard output\nnas: hint: "; !strings.Contains(errs.String(), text) {
		t.Errorf("got %q, want %q", errs.String(), text)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
