package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"nas/latency"
	"nas/space"
)

// board is a folder with a space and its profile board.json, and nas run there as a
// process.
func board(t *testing.T, name, text, time string) (folder string, command func(args ...string) *exec.Cmd) {
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
	if out, err := command("profile", "--space", "./"+name, "-o", "board.json", "--time", time).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return folder, command
}

// A profile that is killed again and again keeps what it measured and ends whole.
// NAS_KILLS=20 kills it twenty times instead of twice.
func TestProfileSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	kills := 2
	if n, err := strconv.Atoi(os.Getenv("NAS_KILLS")); err == nil {
		kills = n
	}
	folder := t.TempDir()
	spec, path := filepath.Join(folder, "chat.yaml"), filepath.Join(folder, "p.json")
	const text = "name: chat\nfamily: decoder\nvocabulary: 600\nhidden: [16, 32, 64]\nlayers: [1, 2, 3]\nheads: {per_layer: [2, 4]}\nkv_heads: {per_layer: [1, 2]}\n" +
		"head_width: 8\nffn: {per_layer: [16, 32, 64]}\nworkload: {prompt: 8, context: 20, phase: decode}\n"
	if err := os.WriteFile(spec, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	command := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "profile", "--space", spec, "--time", strconv.Itoa(8+3*kills)+"s", "-o", path)
		c.Env = append(os.Environ(), asCommand+"=1")
		return c
	}
	r := rand.New(rand.NewPCG(uint64(kills), 1))
	tables, entries := 0, 0
	for i := range kills {
		c := command()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for range 200 { // until there is something to lose
			if _, err := os.Stat(path + ".part"); err == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(time.Duration(r.IntN(2000)) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
		if _, err := os.Stat(path); err == nil {
			break // it was done before
		}
		check, err := latency.ReadCheckpoint(path + ".part")
		if errors.Is(err, os.ErrNotExist) && tables+entries == 0 {
			continue
		}
		if err != nil {
			t.Fatalf("kill %d: %v", i+1, err)
		}
		found := 0
		if check.State != nil {
			found = check.State.Entries()
		}
		if len(check.Tables) < tables || len(check.Tables) == tables && found < entries {
			t.Fatalf("kill %d: %d tables and %d entries, there were %d and %d", i+1, len(check.Tables), found, tables, entries)
		}
		tables, entries = len(check.Tables), found
		t.Logf("kill %d: %d tables, %d entries of the next", i+1, tables, entries)
	}
	if tables+entries == 0 {
		t.Error("no checkpoint was ever written")
	}
	if _, err := os.Stat(path); err != nil {
		if out, err := command().CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	f, err := latency.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := space.Load(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range s.Workload.Phases() {
		ops, err := s.Ops(w)
		if err != nil {
			t.Fatal(err)
		}
		if table := f.Table("", 1, w); table == nil || len(table.Lacks(ops)) > 0 {
			t.Errorf("%v: the table is not whole: %v", w, table)
		}
	}
	if _, err := os.Stat(path + ".part"); err == nil {
		t.Error("the checkpoint is still there")
	}
}
