//go:build unix

package study

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain holds a study open for another process where it is asked to.
func TestMain(m *testing.M) {
	if path := os.Getenv("NAS_STUDY_HOLD"); path != "" {
		s, err := Open(path)
		fmt.Println("opened", err)
		if err == nil {
			err = s.PutScore("e", "kept", Score{Value: 7})
			fmt.Println("put", err)
		}
		io.ReadAll(os.Stdin) // until it is killed
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// While a process has a study open others are refused with its number, and leave it
// alone; once it is killed they are not, and what it had kept is there.
func TestInUse(t *testing.T) {
	s := create(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), "NAS_STUDY_HOLD="+s.path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for _, want := range []string{"opened <nil>", "put <nil>"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the holder says %q, want %q", lines.Text(), want)
		}
	}
	for range 2 {
		_, err = Open(s.path)
		var in *InUseError
		if !errors.Is(err, ErrInUse) || !errors.As(err, &in) || in.PID != holder.Process.Pid || !strings.Contains(err.Error(), fmt.Sprintf("process %d has it open", in.PID)) {
			t.Errorf("got %v, want it in use by %d", err, holder.Process.Pid)
		}
	}
	holder.Process.Kill()
	holder.Wait()
	again, err := Open(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if score, known, err := again.Score("e", "kept"); !known || score.Value != 7 || err != nil {
		t.Errorf("%+v, known %t, %v: lost with the process", score, known, err)
	}
}

// asNobody runs the test that calls it again, as a user without rights.
func asNobody(t *testing.T) {
	folder, err := os.MkdirTemp("", "nobody") // t.TempDir's parent is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	program := filepath.Join(folder, "test")
	text, err := os.ReadFile(os.Args[0])
	for _, err := range []error{err, os.Chmod(folder, 0o777), os.WriteFile(program, text, 0o755), os.Chmod(program, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const nobody = 65534
	c := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v")
	c.Dir, c.Env = folder, append(os.Environ(), "TMPDIR="+folder)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
