package evaluator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"nas/internal/oneline"
	"nas/internal/strictjson"
	"nas/space"
)

// maxAnswer is the longest answer of a program, in bytes; a real one has forty.
const maxAnswer = 4 << 10

// Settings of a Command. Zero values: one child, ten minutes a score, no retry.
type Settings struct {
	Parallel int           // children at a time
	Timeout  time.Duration // for one score, starting the child included
	Retries  int           // further tries, in a new child, after a crash, nonsense or the time limit
	Unit     string        // of the scores; empty: "score of" the program
	Workload space.Workload
	Seed     uint64
	Budget   int64 // how much to spend on one architecture, in the program's own unit; 0: its default
}

// Command scores by a program of the user's. Its children live on: each gets one
// request a line on standard input,
//
//	{"arch":{…},"workload":{…},"seed":1,"budget":0}
//
// and answers each with one line on standard output,
//
//	{"score":-3.21,"error":0.004}
//
// where more is better and error, the standard error of the score, may be left out;
// or {"failure":"why"} for an architecture that it cannot score. A child that ends
// well after an answer is started again for the next request. What it writes to standard
// error is kept for the error message. On Unix a child that fails or is too slow is
// killed with all its descendants that stayed in its process group.
type Command struct {
	name string
	args []string
	Settings
	idle chan *child // as many as Parallel; nil: not started yet
}

// NewCommand makes an evaluator of a program and its arguments. Nothing is started
// until the first score. Close it.
func NewCommand(program []string, s Settings) *Command {
	s.Parallel = max(s.Parallel, 1)
	if s.Timeout <= 0 {
		s.Timeout = 10 * time.Minute
	}
	if s.Unit == "" {
		s.Unit = "score of " + program[0]
	}
	c := &Command{name: program[0], args: program[1:], Settings: s, idle: make(chan *child, s.Parallel)}
	for range s.Parallel {
		c.idle <- nil
	}
	return c
}

func (*Command) Name() string   { return "command" }
func (c *Command) Unit() string { return c.Settings.Unit }
func (*Command) Kind() Kind     { return Sampled }
func (*Command) Cost() Cost     { return Costly }

// Request is what a program is asked, one line of JSON.
type Request struct {
	Arch     space.Arch     `json:"arch"`
	Workload space.Workload `json:"workload"`
	Seed     uint64         `json:"seed"`
	Budget   int64          `json:"budget"`
}

// answer is what a program says.
type answer struct {
	Score   *float64 `json:"score"`
	Error   float64  `json:"error"`
	Failure string   `json:"failure"`
}

// refusal is the program's own word that it cannot score: trying again is no use.
type refusal string

func (r refusal) Error() string { return "the program says: " + string(r) }

// Evaluate asks a child, waiting for a free one.
func (c *Command) Evaluate(ctx context.Context, a space.Arch) (Score, error) {
	request, err := json.Marshal(Request{a, c.Workload, c.Seed, c.Budget})
	if err != nil {
		return Score{}, err
	}
	var child *child
	select {
	case child = <-c.idle:
	case <-ctx.Done():
		return Score{}, ctx.Err()
	}
	var score Score
	for try := 0; try <= c.Retries; try++ {
		if child, score, err = c.ask(ctx, child, request); err == nil || ctx.Err() != nil || errors.As(err, new(refusal)) {
			break
		}
	}
	c.idle <- child
	if ctx.Err() != nil && err != nil {
		return Score{}, ctx.Err()
	}
	if err != nil {
		return Score{}, fmt.Errorf("evaluator: command: %w", err)
	}
	return score, nil
}

// ask puts one request to the child, or to a new one. The child that it returns is
// nil after a failure.
func (c *Command) ask(ctx context.Context, old *child, request []byte) (*child, Score, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("no answer within %v", c.Timeout))
	defer cancel()
	child := old
	var line []byte
	var err error
	if child != nil {
		line, err = child.ask(ctx, request)
		if errors.Is(err, errEnded) {
			if child.kill(); child.left() { // between two requests that is its right
				child = nil
			}
		}
	}
	if child == nil {
		if child, err = start(c.name, c.args); err != nil {
			return nil, Score{}, err
		}
		line, err = child.ask(ctx, request)
	}
	var score Score
	if err == nil {
		score, err = parse(line)
	}
	if err != nil && !errors.As(err, new(refusal)) {
		child.kill()
		if last := child.lastWords(); last != "" {
			err = fmt.Errorf("%w; its last words: %s", err, last)
		}
		child = nil
	}
	return child, score, err
}

// parse reads one answer.
func parse(line []byte) (Score, error) {
	var a answer
	if err := strictjson.Decode(line, &a); err != nil {
		return Score{}, fmt.Errorf("the answer %.60q is none: %w", line, err)
	}
	switch {
	case a.Failure != "" && a.Score == nil:
		return Score{}, refusal(oneLine(a.Failure))
	case a.Failure != "" || a.Score == nil:
		return Score{}, fmt.Errorf("the answer %.60q has not the one key of score and failure", line)
	case math.IsNaN(*a.Score) || math.IsInf(*a.Score, 0) || math.IsInf(a.Error, 0) || !(a.Error >= 0):
		return Score{}, fmt.Errorf("the answer %.60q has a figure that is none", line)
	}
	return sampled(*a.Score, a.Error), nil
}

// Close ends the children. No Evaluate may be under way.
func (c *Command) Close() {
	for range c.Parallel {
		(<-c.idle).kill()
	}
}

// oneLine makes text of a foreign program fit into an error line.
func oneLine(s string) string {
	s = oneline.Escape(strings.Join(strings.Fields(s), " "))
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
