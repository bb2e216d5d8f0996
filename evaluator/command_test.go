package evaluator

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nas/space"
)

// TestMain is also the programs that Command runs: the test's own binary, behaving
// as the first argument says.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "as-child" {
		behave(os.Args[2:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func behave(how []string) {
	for n, lines := 0, bufio.NewScanner(os.Stdin); lines.Scan(); n++ {
		var r Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, "no request:", err)
			os.Exit(1)
		}
		switch {
		case how[0] == "crash" && r.Arch.Hidden == 13, how[0] == "crash-once" && onlyOnce(how[1]):
			fmt.Fprintln(os.Stderr, "first line\nout of luck")
			os.Exit(1)
		case how[0] == "hang", how[0] == "hang-at-second" && n == 1:
			time.Sleep(time.Hour)
		case how[0] == "hold": // a descendant holds the file while it lives
			descendant := exec.Command(os.Args[0], "as-child", "open", how[1])
			descendant.Stdout, descendant.Stderr = os.Stdout, os.Stderr
			descendant.Stdin, _ = os.Open(how[2])
			descendant.Start()
			time.Sleep(time.Hour)
		case how[0] == "open":
			os.OpenFile(how[1], os.O_WRONLY, 0)
			time.Sleep(time.Hour)
		case how[0] == "say":
			fmt.Println(how[1])
		case how[0] == "flood":
			fmt.Print(strings.Repeat("9", 1<<20))
		default:
			fmt.Printf("{\"score\": %d, \"error\": 0.5}\n", r.Arch.Hidden+int(r.Seed)+int(r.Budget))
		}
		if how[0] == "one-shot" {
			return
		}
	}
}

// onlyOnce is true for the first process that asks.
func onlyOnce(file string) bool {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		f.Close()
	}
	return err == nil
}

func program(how ...string) []string { return append([]string{os.Args[0], "as-child"}, how...) }

func width(hidden int) space.Arch {
	a := space.References(space.Encoder)[0].Arch
	a.Embedding, a.Hidden = hidden, hidden
	return a
}

func command(t *testing.T, s Settings, how ...string) *Command {
	c := NewCommand(program(how...), s)
	t.Cleanup(c.Close)
	return c
}

func TestCommandScores(t *testing.T) {
	for _, how := range []string{"answer", "one-shot"} {
		c := command(t, Settings{Parallel: 3, Seed: 2, Budget: 3}, how)
		var wait sync.WaitGroup
		for hidden := 1; hidden <= 20; hidden++ {
			wait.Go(func() {
				got, err := c.Evaluate(context.Background(), width(hidden))
				if err != nil || got.Value != float64(hidden+5) || got.Resolution < 1.38 || got.Resolution > 1.39 {
					t.Errorf("%s: width %d: %+v, %v", how, hidden, got, err)
				}
			})
		}
		wait.Wait()
	}
}

func TestCommandFailures(t *testing.T) {
	const limit = 300 * time.Millisecond
	for _, c := range []struct {
		how     []string
		timeout time.Duration
		want    string
	}{
		{[]string{"crash"}, time.Minute, "out of luck"},
		{[]string{"hang"}, limit, "no answer within 300ms"},
		{[]string{"flood"}, time.Minute, "longer than 4096 bytes"},
		{[]string{"say", ""}, time.Minute, "is none"},
		{[]string{"say", "hello"}, time.Minute, "is none"},
		{[]string{"say", "{}"}, time.Minute, "the one key"},
		{[]string{"say", `{"score":null}`}, time.Minute, "null"},
		{[]string{"say", `{"score":NaN}`}, time.Minute, "is none"},
		{[]string{"say", `{"score":1e999}`}, time.Minute, "is none"},
		{[]string{"say", `{"score":"1"}`}, time.Minute, "is none"},
		{[]string{"say", `{"score":1,"score":2}`}, time.Minute, "second time"},
		{[]string{"say", `{"score":1,"colour":2}`}, time.Minute, "colour"},
		{[]string{"say", `{"score":1,"error":-1}`}, time.Minute, "figure that is none"},
		{[]string{"say", `{"score":1} {"score":2}`}, time.Minute, "follows"},
		{[]string{"say", `{"score":1,"failure":"x"}`}, time.Minute, "the one key"},
		{[]string{"say", `{"failure":"too wide\nfor me"}`}, time.Minute, "the program says: too wide for me"},
	} {
		e := command(t, Settings{Timeout: c.timeout}, c.how...)
		got, err := e.Evaluate(context.Background(), width(13))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %+v, %v; want %q", c.how, got, err, c.want)
		}
	}
	if _, err := NewCommand([]string{"/no/such/program"}, Settings{}).Evaluate(context.Background(), width(1)); err == nil {
		t.Error("a program that is not there scores")
	}
}

// An answer to nothing is not taken for the next one's.
func TestCommandSaysTooMuch(t *testing.T) {
	c := command(t, Settings{}, "say", "{\"score\":1}\n{\"score\":2}")
	if s, err := c.Evaluate(context.Background(), width(8)); err != nil || s.Value != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := c.Evaluate(context.Background(), width(8)); err == nil || !strings.Contains(err.Error(), "more than it was asked") {
		t.Errorf("%+v, %v", s, err)
	}
}

// A failure is of that one architecture: the others have their scores.
func TestCommandFailureIsOfOne(t *testing.T) {
	c := command(t, Settings{Parallel: 2}, "crash")
	var failures atomic.Int32
	var wait sync.WaitGroup
	for hidden := 10; hidden < 17; hidden++ {
		wait.Go(func() {
			if _, err := c.Evaluate(context.Background(), width(hidden)); (err != nil) != (hidden == 13) {
				t.Errorf("width %d: %v", hidden, err)
			} else if err != nil {
				failures.Add(1)
			}
		})
	}
	wait.Wait()
	if failures.Load() != 1 {
		t.Errorf("%d failures", failures.Load())
	}
}

func TestCommandTriesAgain(t *testing.T) {
	for retries, want := range []bool{false, true} {
		c := command(t, Settings{Retries: retries}, "crash-once", t.TempDir()+"/crashed")
		if _, err := c.Evaluate(context.Background(), width(8)); (err == nil) != want {
			t.Errorf("%d retries: %v", retries, err)
		}
	}
	// A time limit counts from the request, and the child after it is a new one.
	c := command(t, Settings{Timeout: 2 * time.Second}, "hang-at-second")
	for i, want := range []bool{true, false, true} {
		if _, err := c.Evaluate(context.Background(), width(8)); (err == nil) != want {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

func TestCommandIsCancelled(t *testing.T) {
	c := command(t, Settings{Retries: 5}, "hang")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := c.Evaluate(ctx, width(8)); err != context.DeadlineExceeded {
		t.Errorf("%v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"score":-3.2,"error":0.1}`, `{"failure":"x"}`, "{}", "null", `{"score":1e400}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := parse(line)
		if err == nil && !(s.Resolution >= 0 && s.Value-s.Value == 0) {
			t.Errorf("%q: %+v", line, s)
		}
	})
}
