package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nas/devices"
	"nas/latency"
)

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" { // the test binary as the command
		main()
	}
	// Commands run in this process keep their tables apart from the user's.
	cache, err := os.MkdirTemp("", "nas")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		os.Setenv(name, cache)
	}
	testscript.Main(removing{m, cache}, map[string]func(){
		"nas": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			defer stop()
			os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// asCommand in the environment makes the test's binary the command itself.
const asCommand = "NAS_TEST_AS_COMMAND"

// removing removes a folder after the tests; testscript.Main does not return.
type removing struct {
	*testing.M
	folder string
}

func (r removing) Run() int {
	defer os.RemoveAll(r.folder)
	return r.M.Run()
}

// TestScripts runs every command with good and bad input, as a user would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", e.WorkDir+"/cache")
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exits,
			"stops":    stops,
			"board":    boards(),
			"oneerror": oneError,
			"nest":     nest,
			"alter":    alter,
			"sub":      sub,
			"cut":      cut,
			"part":     part,
			"text":     corpus,
			"times":    times,
			"damage":   damage,
			"newer":    newer,
			"sameline": sameLine,
		},
	})
}

// exits CODE nas ARG… runs the command and holds its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	runs(ts, context.Background(), args)
}

// boards is the command board FILE SPACE FLAG…, which writes a profile of this machine
// for a space of the script: of the same space and flags it is measured once.
func boards() func(ts *testscript.TestScript, neg bool, args []string) {
	var known sync.Map
	return func(ts *testscript.TestScript, neg bool, args []string) {
		key := ts.ReadFile(args[1]) + strings.Join(args[2:], " ")
		measure, _ := known.LoadOrStore(key, sync.OnceValues(func() ([]byte, error) {
			var out, errs bytes.Buffer
			ask := append([]string{"profile", "--space", ts.MkAbs(args[1]), "--time", "100ms", "-o", "-"}, args[2:]...)
			if code := run(context.Background(), ask, nil, &out, &errs); code != exitDone {
				return nil, fmt.Errorf("%v: exit code %d: %s", ask, code, errs.String())
			}
			return out.Bytes(), nil
		}))
		data, err := measure.(func() ([]byte, error))()
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
	}
}

// inFolder makes the arguments that name files of the script absolute, since run
// works in the test's own folder.
func inFolder(ts *testscript.TestScript, args []string) []string {
	var r []string
	for _, a := range args {
		if strings.HasPrefix(a, "./") {
			a = ts.MkAbs(a)
		}
		r = append(r, a)
	}
	return r
}

// corpus writes a text to train on, FILE; other WORDS make another one.
func corpus(ts *testscript.TestScript, neg bool, args []string) {
	var text strings.Builder
	for day := range 600 {
		fmt.Fprintf(&text, "On day %d the cat met %d mice %s. ", day, day*day%97, strings.Join(args[1:], " "))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o666))
}

// oneError holds the last command's stderr to one error line that contains all
// the given texts, followed by one hint line.
func oneError(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("err")
	var errs, hints []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "nas: error: ") {
			errs = append(errs, line)
		}
		if strings.HasPrefix(line, "nas: hint: ") {
			hints = append(hints, line)
		}
	}
	if len(errs) != 1 || len(hints) != 1 {
		ts.Fatalf("got %d error lines and %d hint lines, want one of each:\n%s", len(errs), len(hints), text)
	}
	for _, want := range args {
		if !strings.Contains(errs[0], want) {
			ts.Fatalf("error line %q does not contain %q", errs[0], want)
		}
	}
}

// nest FILE N writes N megabytes of opening brackets.
func nest(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("["), 10<<20), 0o666))
}

// alter HOW FILE NEW writes a changed profile that is well formed in all else.
func alter(ts *testscript.TestScript, neg bool, args []string) {
	f, err := latency.Read(ts.MkAbs(args[1]))
	ts.Check(err)
	switch args[0] {
	case "cpu":
		f.Device.CPU.Model = "Z80"
		for _, t := range f.Tables {
			t.Device = f.Device.ID()
		}
	case "version":
		for _, t := range f.Tables {
			t.KernelVersion += 1000
		}
	case "fast":
		for _, t := range f.Tables {
			models := t.Models
			t.Models = nil
			t.Adopt(&latency.Table{Models: models}, 1e-3)
		}
	case "modelled":
		f.Device.Provenance.Kind = devices.Modelled
	case "negative":
		f.Tables[0].Models[0].Ops[0].Floor *= -1
	default:
		ts.Fatalf("alter %s?", args[0])
	}
	ts.Check(f.Write(ts.MkAbs(args[2])))
}

// times OPS CSV writes made-up times for ops, one a line.
func times(ts *testscript.TestScript, neg bool, args []string) {
	csv := "op,ns\n"
	for i, line := range strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n") {
		csv += fmt.Sprintf("%s,%d\n", line, 1000+i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(csv), 0o666))
}

// sub FILE NEW OLD TEXT replaces the first OLD of FILE by TEXT.
func sub(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	changed := strings.Replace(text, args[2], args[3], 1)
	if changed == text {
		ts.Fatalf("%s holds no %q", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(changed), 0o666))
}

// cut FILE NEW writes the first half.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text[:len(text)/2]), 0o666))
}

// part SPACE PROFILE writes the checkpoint of making a profile that ended before it was
// written: with the tables that are in it.
func part(ts *testscript.TestScript, neg bool, args []string) {
	p := &profiling{spaceName: ts.MkAbs(args[0]), thread: []int{1}, path: ts.MkAbs(args[1])}
	conditions, err := p.conditions()
	ts.Check(err)
	f, err := latency.Read(p.path)
	ts.Check(err)
	a := &app{talk: talk{w: io.Discard}}
	c, err := a.checkpoint(p, f.Device, conditions)
	ts.Check(err)
	for _, one := range conditions {
		c.Add(f.Table("", 1, one.workload), time.Second)
	}
	ts.Check(c.Write(p.part()))
}

// damage STUDY NEW changes a byte in the middle.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	for i := len(data) / 2; i < len(data); i++ { // one that is used
		if data[i] != 0 {
			data[i] ^= 1
			break
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o666))
}

// newer STUDY NEW writes it as of a later format.
func newer(ts *testscript.TestScript, neg bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	data[63] = 200 // the last byte of SQLite's user version
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o666))
}

// sameline PATTERN FILE OTHER holds the first line of both files that contains PATTERN
// to be the same, but for white space.
func sameLine(ts *testscript.TestScript, neg bool, args []string) {
	var found [2]string
	for i, name := range args[1:] {
		for _, line := range strings.Split(ts.ReadFile(name), "\n") {
			if found[i] == "" && strings.Contains(line, args[0]) {
				found[i] = strings.TrimSpace(line)
			}
		}
	}
	if found[0] == "" || found[0] != found[1] {
		ts.Fatalf("%s: %q, in %s %q", args[1], found[0], args[2], found[1])
	}
}
