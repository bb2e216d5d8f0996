//go:build unix

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nas/results/study"
)

const killSpace = `
name: kill
family: encoder
vocabulary: 200
hidden: [32, 64]
layers: [2, 3, 4, 5, 6, 7, 8]
heads: {per_layer: [1, 2, 4]}
head_width: 16
ffn: {per_layer: [32, 64, 96, 128, 192]}
workload: {sequence: 16}
`

// A search that is killed at any moment, and goes on, ends with the bytes of one that
// was not; nothing that the study held is lost, and no lock is left. NAS_KILLS says how
// many are killed.
func TestKill(t *testing.T) {
	kills, evaluations := 4, "500000"
	if testing.Short() {
		kills, evaluations = 2, "100000"
	}
	if n, err := strconv.Atoi(os.Getenv("NAS_KILLS")); err == nil {
		kills = n
	}
	folder, command := board(t, "kill.yaml", killSpace)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ask := []string{"search", "--space", "./kill.yaml", "--device", "board.json", "--memory", "150KiB", "--evaluations", evaluations, "--still", "0", "--format", "json"}
	start := time.Now()
	want, err := command(ask...).Output()
	must(err)
	whole := time.Since(start)
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	killed, longest := 0, time.Duration(0)
	for round := 0; killed < kills; round++ {
		signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGINT}[round%2]
		file := filepath.Join(folder, fmt.Sprintf("%d.db", round))
		args := append(append([]string{}, ask...), "--study", file, "--workers", strconv.Itoa(1+random.IntN(3)))
		kept := 0
		for try := 0; ; try++ {
			c := command(args...)
			var out, errs bytes.Buffer
			c.Stdout, c.Stderr = &out, &errs
			must(c.Start())
			if killed < kills && try < 3 {
				time.AfterFunc(time.Duration(random.Int64N(int64(whole))), func() { c.Process.Signal(signal) })
			}
			err := c.Wait()
			if err == nil {
				if !bytes.Equal(out.Bytes(), want) {
					t.Fatalf("round %d: after %d tries another result:\n%.600s\nwant\n%.600s", round, try, out.Bytes(), want)
				}
				break
			}
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatal(err)
			}
			interrupted := signal == syscall.SIGINT && exit.ExitCode() == exitStopped
			early := signal == syscall.SIGINT && exit.ExitCode() == -1 // before the command listens
			if exit.ExitCode() == -1 && exit.Sys().(syscall.WaitStatus).Signal() != signal || exit.ExitCode() != -1 && !interrupted {
				t.Fatalf("round %d: %v: %s", round, err, errs.String())
			}
			killed++
			at := time.Now()
			s, err := study.Open(file)
			if errors.Is(err, fs.ErrNotExist) && kept == 0 {
				continue // before there was a study
			}
			must(err)
			state, err := s.State()
			must(err)
			longest = max(longest, time.Since(at))
			report, err := s.Report()
			must(err)
			must(s.Close())
			now := 0
			if state != nil {
				now = state.Evaluated
			}
			if now < kept || interrupted && !early && (report == nil || report.Conditions.Evaluations < now) {
				t.Fatalf("round %d: %d evaluations, %d before; a report is there: %t", round, now, kept, report != nil)
			}
			kept = now
			// A study goes on by its name alone.
			args = []string{"search", "--study", file, "--format", "json", "--workers", strconv.Itoa(1 + random.IntN(3))}
		}
	}
	left, err := filepath.Glob(filepath.Join(folder, "*.db-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
	t.Logf("%d killed; the longest opening took %v", killed, longest)
}

// A search whose study is removed meanwhile says so, and still gives what it found.
func TestStudyRemoved(t *testing.T) {
	folder, command := board(t, "kill.yaml", killSpace)
	c := command("search", "--space", "./kill.yaml", "--device", "board.json", "--evaluations", "1000000000", "--still", "0", "--format", "csv", "--study", "x.db")
	var out bytes.Buffer
	c.Stdout = &out
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "x.db")
	var errs strings.Builder
	for talk := bufio.NewScanner(pipe); talk.Scan(); {
		errs.WriteString(talk.Text() + "\n")
		if strings.Contains(talk.Text(), "searching") { // the study is there
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(errs.String(), "was removed or replaced") {
		t.Errorf("%v: %s", err, errs.String())
	}
	if !bytes.Contains(out.Bytes(), []byte("\nfront,")) {
		t.Errorf("no front was written: %.200s", out.String())
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the study is there again")
	}
}
