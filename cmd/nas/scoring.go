package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nas/evaluator"
	"nas/evaluator/text"
	"nas/space"
)

// scoring is which evaluator a command is to use, and how.
type scoring struct {
	name     string
	table    string
	command  string
	parallel int
	timeout  span
	retries  int
	budget   int64
	seed     uint64
	wanted   int                  // scores that a search makes; 0: as many as are usual, or as fit into its time
	settle   func(*scoring) error // keeps what wanted and steps came to be; may be nil
	learning
	save       string // where to; empty: nowhere
	checkpoint string // of the training under way; empty: none

	evaluator evaluator.Evaluator // once it is open; nil: the surrogate
	tokeniser *text.Tokeniser     // of the text; nil: there is none
	data      string              // the digest of the text, task or table; empty: none
	origin    string              // the digest of the weights that trainings begin with or scores are of; empty: none
	program   *evaluator.Command  // to be closed
	warnings  []string            // that a reader of scores should know
}

// warn says so now, and again beside the scores.
func (s *scoring) warn(a *app, text string) {
	a.warn(text)
	s.warnings = append(s.warnings, text)
}

func (s *scoring) settled() error {
	if s.settle == nil {
		return nil
	}
	return s.settle(s)
}

// flagsOf are the evaluators that a flag is of.
var flagsOf = map[string][]string{
	"table":    {"table"},
	"command":  {"command"},
	"parallel": {"command"},
	"timeout":  {"command"},
	"retries":  {"command"},
	"budget":   {"command"},
	"weights":  {"weights"},
	"distil":   {"train"},
	"scores":   {"command", "train", "supernet"},

	"algorithm":   {"capacity"}, // the others have a way of their own
	"evaluations": {"capacity"},
	"still":       {"capacity"},
	"steps":       {"train", "supernet"},
	"rate":        {"train", "supernet"},
	"supernet":    {"train", "supernet"},
	"save":        {"train", "supernet"},
	"float32":     {"supernet", "weights"},

	"corpus":         {"train", "supernet", "weights"},
	"task":           {"train", "supernet", "weights"},
	"vocab":          {"train", "supernet", "weights"},
	"train-batch":    {"train", "supernet", "weights"},
	"train-sequence": {"train", "supernet", "weights"},
	"held-out":       {"train", "supernet", "weights"},
}

// flags binds all but the seed; names are the evaluators that the command takes.
func (s *scoring) flags(c *cobra.Command, names []string) {
	f := c.Flags()
	s.timeout = span(10 * time.Minute)
	f.StringVar(&s.name, "evaluator", names[0], "`name` of the proxy accuracy: "+strings.Join(names, ", "))
	if slices.Contains(names, "table") {
		f.StringVar(&s.table, "table", "", "trained models to look scores up in: a CSV `file`")
	}
	f.StringVar(&s.command, "command", "", "`program` with arguments that scores: one JSON request a line in, one JSON answer a line out")
	f.IntVar(&s.parallel, "parallel", max(1, runtime.NumCPU()/2), "programs that run at a time")
	f.Var(&s.timeout, "timeout", "limit for one score of a program")
	f.IntVar(&s.retries, "retries", 1, "further tries after a crash, nonsense or the time limit of a program")
	f.Int64Var(&s.budget, "budget", 0, "what a program may spend on one score, in its own unit; 0: its default")
	s.learning.flags(c)
}

// check finds faults of the flags before any work.
func (s *scoring) check(flags *pflag.FlagSet, names []string) error {
	if !slices.Contains(names, s.name) {
		return bad(fmt.Errorf("unknown evaluator %.40q: one of %s", s.name, strings.Join(names, ", ")), "--evaluator capacity")
	}
	for _, flag := range slices.Sorted(maps.Keys(flagsOf)) { // in order: equal input, equal error
		of := slices.DeleteFunc(slices.Clone(flagsOf[flag]), func(e string) bool { return !slices.Contains(names, e) })
		if flags.Changed(flag) && !slices.Contains(of, s.name) {
			return bad(fmt.Errorf("--%s is of --evaluator %s, not %s", flag, strings.Join(of, " or "), s.name), "--evaluator %s", of[0])
		}
	}
	for _, n := range []struct {
		flag             string
		value, low, high int
	}{{"parallel", s.parallel, 1, 256}, {"retries", s.retries, 0, 100}} {
		if n.value < n.low || n.value > n.high {
			return bad(fmt.Errorf("--%s %d is outside %d…%d", n.flag, n.value, n.low, n.high), "leave --%s out for the default", n.flag)
		}
	}
	if err := s.checkSources(); err != nil {
		return err
	}
	if s.budget < 0 {
		return bad(fmt.Errorf("--budget %d is below zero", s.budget), "leave --budget out: the program then spends what it likes")
	}
	return nil
}

const (
	corpusHint   = "--corpus takes UTF-8 text: a file or a folder of them"
	supernetHint = "nas evaluate MODEL --evaluator supernet --supernet net.bin trains one"
)

// checkSources finds what scores are to come from, before anything is measured.
func (s *scoring) checkSources() (err error) {
	there := func(path, hint string) {
		if _, statErr := os.Stat(path); path != "" && err == nil && statErr != nil {
			err = bad(statErr, "%s", hint)
		}
	}
	switch s.name {
	case "table":
		if s.table == "" {
			return bad(errMissing("--table FILE.csv"), "--evaluator table --table trained.csv")
		}
		there(s.table, truthHint)
	case "command":
		program, err := words(s.command)
		if err == nil && len(program) == 0 {
			err = errMissing("--command PROGRAM")
		}
		if err != nil {
			return bad(err, `--evaluator command --command "python3 score.py text.txt"`)
		}
	case "train":
		there(s.corpus, corpusHint)
		there(s.supernet, supernetHint)
	case "supernet":
		there(s.corpus, corpusHint)
		if err == nil {
			err = keepable("supernet", s.supernet)
		}
	}
	return err
}

// open makes the evaluator, training what it needs. Models are those that it will be
// asked about, if that is known. Close it.
func (a *app) open(ctx context.Context, s *scoring, in *space.Space, w space.Workload, models []model) error {
	switch s.name {
	case "capacity":
		s.evaluator = evaluator.Capacity{}
	case "table":
		t, err := readTruth(s.table)
		if err != nil {
			return err
		}
		s.data, s.evaluator = t.Digest, evaluator.NewTable(t)
	case "command":
		program, err := words(s.command)
		if err != nil {
			return err
		}
		s.program = evaluator.NewCommand(program, evaluator.Settings{Parallel: s.parallel, Timeout: time.Duration(s.timeout), Retries: s.retries,
			Workload: w, Seed: s.seed, Budget: s.budget})
		s.evaluator = s.program
	case "train", "supernet":
		return a.learner(ctx, s, in, models)
	case "weights":
		return a.given(s, models)
	}
	return nil
}

// close ends what open started.
func (s *scoring) close() {
	if s.program != nil {
		s.program.Close()
	}
}

// trainable is the space of searches that train and are given none: a supernet of the
// usual one takes hours on two cores.
const trainable = "decoder-micro"

// trains reports whether scores are trained here.
func (s *scoring) trains() bool { return s.name == "train" || s.name == "supernet" }

// workers are how many architectures are scored at a time.
func (s *scoring) workers() int {
	switch {
	case s.program != nil:
		return s.parallel
	case s.name == "supernet":
		return runtime.NumCPU()
	}
	return 1
}

// words splits a command line at spaces; single and double quotes hold words
// together.
func words(line string) (list []string, err error) {
	var word strings.Builder
	var quote rune
	begun := false
	for _, r := range line {
		switch {
		case r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if begun {
				list = append(list, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("--command: a quote %c is not closed", quote)
	}
	if begun {
		list = append(list, word.String())
	}
	return list, nil
}
