package main

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// patient is a context whose user stops the work when it was asked so many times
// whether it goes on.
type patient struct {
	context.Context
	stop context.CancelFunc
	left atomic.Int64
}

func (p *patient) Err() error {
	if p.left.Add(-1) < 0 {
		p.stop()
	}
	return p.Context.Err()
}

// stops N CODE nas ARG… is exits of a command that is stopped when it looks for the Nth time.
func stops(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p := &patient{Context: ctx, stop: stop}
	p.left.Store(int64(n))
	runs(ts, p, args[1:])
}

// runs CODE nas ARG… runs the command and holds its exit code.
func runs(ts *testscript.TestScript, ctx context.Context, args []string) {
	var out, errs bytes.Buffer
	code := run(ctx, inFolder(ts, args[2:]), strings.NewReader(""), &out, &errs)
	ts.Check(os.WriteFile(ts.MkAbs("out"), out.Bytes(), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs("err"), errs.Bytes(), 0o666))
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\nstdout: %s\nstderr: %s", code, args[0], out.String(), errs.String())
	}
}
