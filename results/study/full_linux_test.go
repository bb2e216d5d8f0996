package study

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nas/search"
)

// On a full disk writing fails with a clear word, what was kept stays, and once there
// is room again the study goes on.
func TestFullDisk(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no small file system to fill: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(folder, unix.MNT_DETACH) })
	s, err := Create(filepath.Join(folder, "x.db"), settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	state := &search.State{Algorithm: search.Evolution}
	kept := 0
	for err == nil {
		if kept > 1000 {
			t.Fatal("the disk never fills")
		}
		state.Evaluated += 1000
		state.Seen = nil
		for range 1000 {
			state.Seen = append(state.Seen, random.Uint64())
		}
		state.SeenCount += 1000
		if err = s.Save(state); err == nil {
			kept++
		}
	}
	if !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	closeErr := s.Close()
	s, err = Open(s.path)
	if err != nil {
		t.Fatalf("after a full disk (closed with %v): %v", closeErr, err)
	}
	got, err := s.State()
	if err != nil || got.Evaluated != kept*1000 || len(got.Seen) != got.SeenCount {
		t.Fatalf("%d evaluations are left of %d, %v", got.Evaluated, kept*1000, err)
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	if err := s.PutScore("e", strings.Repeat("a", 1000), Score{Value: 1}); err != nil {
		t.Errorf("with room again: %v", err)
	}
	before := dump(t, s)
	if err := s.Compact(); err != nil {
		t.Error(err)
	}
	var all bytes.Buffer
	for key, data := range before {
		if strings.HasPrefix(key, "seen ") {
			all.WriteString(data)
		}
	}
	if state, err := s.State(); err != nil || 8*len(state.Seen) != all.Len() {
		t.Errorf("compacted: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A file system that is mounted read-only is told like a lack of permission.
func TestReadOnlyMount(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no file system to mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(folder, unix.MNT_DETACH) })
	s, err := Create(filepath.Join(folder, "x.db"), settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Open: got %v, want %v", err, fs.ErrPermission)
	}
	if _, err := Create(s.path+"2", settings, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Create: got %v, want %v", err, fs.ErrPermission)
	}
}

// A disk that has room for what a new study logs but not for its file too, or for
// less, has no part of a study left.
func TestCreateOnFullDisk(t *testing.T) {
	profiles := []Profile{{Name: "p.json", Data: bytes.Repeat([]byte("profile"), 30000)}}
	failed := 0
	for _, size := range []string{"64k", "160k", "256k", "320k", "400k", "480k", "4m"} {
		folder := t.TempDir()
		if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
			t.Skipf("no small file system to fill: %v", err)
		}
		t.Cleanup(func() { unix.Unmount(folder, unix.MNT_DETACH) })
		s, err := Create(filepath.Join(folder, "x.db"), settings, profiles)
		if err == nil {
			if got, err := s.Profiles(); err != nil || len(got) != 1 || !bytes.Equal(got[0].Data, profiles[0].Data) {
				t.Errorf("%s: the profile is another one, %v", size, err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("%s: %v", size, err)
			}
			continue
		}
		failed++
		if !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("%s: got %v", size, err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left, %v", size, left, err)
		}
	}
	if failed < 3 {
		t.Errorf("%d disks were full, want 3 or more", failed)
	}
}
