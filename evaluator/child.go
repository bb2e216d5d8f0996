package evaluator

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// child is a running program that answers lines.
type child struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     io.ReadCloser
	lines   *bufio.Reader
	words   tail
	killed  bool
}

// errEnded is what ask says of a child that is no more.
var errEnded = errors.New("it ended without an answer")

// start runs a program in a process group of its own.
func start(name string, args []string) (*child, error) {
	c := &child{command: exec.Command(name, args...)}
	c.command.Stderr = &c.words
	c.command.WaitDelay = time.Second // a descendant may hold its standard error open
	ownGroup(c.command)
	var err error
	if c.in, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	if c.out, err = c.command.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	c.lines = bufio.NewReaderSize(c.out, maxAnswer)
	return c, nil
}

// ask sends one line and waits for one, without its end. When ctx ends first, the
// child is killed.
func (c *child) ask(ctx context.Context, request []byte) ([]byte, error) {
	type result struct {
		line []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		if n := c.lines.Buffered(); n > 0 {
			said, _ := c.lines.Peek(n)
			done <- result{nil, fmt.Errorf("it said more than it was asked: %.60q", said)}
			return
		}
		c.in.Write(append(request, '\n')) // a child that is no more may have left its word
		line, err := c.lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("the answer %.20q… is longer than %d bytes", line, maxAnswer)
		case err == io.EOF && len(bytes.TrimSpace(line)) > 0:
			err = nil // the last line of a child that ends without a line end
		case err != nil:
			err = errEnded
		}
		done <- result{bytes.Clone(bytes.TrimSpace(line)), err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		c.kill()
		<-done
		return nil, context.Cause(ctx)
	}
}

// kill ends the child and its process group and waits for it, once: its number may
// be another's afterwards.
func (c *child) kill() {
	if c == nil || c.killed {
		return
	}
	c.killed = true
	c.in.Close()
	killGroup(c.command)
	c.out.Close()
	c.command.Wait() // its exit status says nothing that its words do not
}

// left reports whether a killed child had ended by itself, and well.
func (c *child) left() bool { return c.command.ProcessState.Success() }

// lastWords is the last line that it wrote to standard error.
func (c *child) lastWords() string {
	c.words.mu.Lock()
	defer c.words.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(c.words.kept), []byte("\n"))
	return oneLine(string(lines[len(lines)-1]))
}

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-maxAnswer):]...)
	t.kept = t.kept[max(0, len(t.kept)-maxAnswer):]
	return len(p), nil
}
