package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"nas/devices"
	"nas/latency"
)

// profiling is what nas profile is asked: every combination of the lists is a table.
type profiling struct {
	spaceName, phase                              string
	batches, sequences, prompts, contexts, thread []int
	levels                                        []string
	path                                          string
	time                                          span
	add                                           bool
}

func (a *app) profileCommand() *cobra.Command {
	p := &profiling{}
	c := &cobra.Command{Use: "profile -o FILE", Short: "Measure this machine's int8 kernels into a profile file", Args: exactly(0, ""),
		Long: `Measure this machine's int8 kernels and write a profile file: the device's
description, and for each set of conditions (workload, threads, kernel level) a
table of what the ops of the search space take, timed where they work, in whole
models, with what disturbed the timings and how well held-out models are predicted.

  nas profile -o board.json
  nas profile --space decoder-compact --context 128,512 --threads 1,4 -o board.json
  nas profile --add --isa avx2 -o board.json         more tables for the same file
  ssh board ./nas profile -o - > board.json

It keeps a checkpoint beside the file as it goes; the same command goes on from there
after an interruption. For another device build nas for it and run it there:

  GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build ./cmd/nas`,
		RunE: func(c *cobra.Command, _ []string) error { return a.profile(c.Context(), p) }}
	f := c.Flags()
	spaceFlag(f, &p.spaceName)
	f.StringVar(&p.phase, "phase", "", "decoder latency to measure: prefill or decode (default both)")
	f.IntSliceVar(&p.batches, "batch", nil, "sequences at once, a `list` (default 1)")
	f.IntSliceVar(&p.sequences, "sequence", nil, "tokens of an encoder's sequence, a `list` (default: the space's)")
	f.IntSliceVar(&p.prompts, "prompt", nil, "tokens of a decoder's prompt, a `list` (default: the space's)")
	f.IntSliceVar(&p.contexts, "context", nil, "tokens that a decoder's KV cache holds, a `list` (default: the space's)")
	f.IntSliceVar(&p.thread, "threads", []int{1}, "threads that the models run on, a `list`")
	f.StringSliceVar(&p.levels, "isa", nil, "CPU levels of the kernels, a `list` (default: the best; NAS_CPU works too)")
	f.StringVarP(&p.path, "output", "o", "", "profile `file` to write, - for standard output")
	f.Var(&p.time, "time", "bound of the whole measuring (default 50s a table)")
	f.BoolVar(&p.add, "add", false, "keep the tables that the file has of other conditions")
	return c
}

const (
	tableTime  = 50 * time.Second // that a table takes where the user sets no bound
	littleTime = 5 * time.Second  // below which few ops are measured, and those badly
)

func (a *app) profile(ctx context.Context, p *profiling) error {
	if p.path == "" {
		return bad(errMissing("-o FILE"), "nas profile -o board.json, or -o - for standard output")
	}
	if p.path == "-" && p.add {
		return bad(errors.New("--add needs a file to add to"), "nas profile --add -o board.json")
	}
	conditions, err := p.conditions()
	if err != nil {
		return err
	}
	device := devices.Detect("nas " + Version)
	file := &latency.File{Device: device}
	if err := writable(p.path); err != nil {
		return err
	}
	if file.Tables, err = p.others(device, conditions); err != nil {
		return err
	}
	tables, err := a.tables(ctx, p, device, conditions)
	if err != nil {
		return err
	}
	file.Tables = append(file.Tables, tables...)
	if p.path == "-" {
		data, err := file.Encode()
		if err == nil {
			_, err = a.out.Write(data)
		}
		return err
	}
	if err := file.Write(p.path); err != nil {
		return failed(err, "is there room on the disk? The checkpoint is kept: the same command goes on from it")
	}
	os.Remove(p.part())
	a.phase("wrote %s; nas search --device %s uses it", p.path, p.path)
	return nil
}

// tables measures all conditions, going on from a checkpoint.
func (a *app) tables(ctx context.Context, p *profiling, device devices.Profile, conditions []condition) ([]*latency.Table, error) {
	check, err := a.checkpoint(p, device, conditions)
	if err != nil {
		return nil, err
	}
	done, err := check.Finished()
	if err != nil {
		return nil, err
	}
	bound := time.Duration(p.time)
	for i := len(done); i < len(conditions); i++ {
		share := tableTime
		if bound > 0 {
			share = fairShare(bound, check.Elapsed, i, len(conditions))
		}
		if share < littleTime {
			a.warn(fmt.Sprintf("--time leaves less than %.0f s for a table: few ops are measured, the others are interpolated", littleTime.Seconds()))
		}
		begin := time.Now()
		if check.State != nil {
			begin = begin.Add(-time.Duration(check.State.Elapsed))
		}
		table, err := a.table(ctx, &conditions[i], device, share, check, p)
		if err != nil {
			return nil, err
		}
		done = append(done, table)
		check.Add(table, time.Since(begin))
		if err := p.save(check); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// fairShare is what the table after done of all gets of a bound of which elapsed is
// spent: an equal part of what is left. Where earlier tables took longer than theirs
// (two rounds are always measured) it is still half of what each should have had.
func fairShare(bound, elapsed time.Duration, done, all int) time.Duration {
	return max((bound-elapsed)/time.Duration(all-done), bound/time.Duration(2*all), time.Millisecond)
}

// validationShare is the part of a table's time that its validation gets.
const (
	validationShare  = 6 // a sixth
	validationModels = 12
	leastValidation  = time.Second
)

// table measures one set of conditions and validates what it found.
func (a *app) table(ctx context.Context, c *condition, device devices.Profile, share time.Duration, check *latency.Checkpoint, p *profiling) (*latency.Table, error) {
	s := c.settings(device, c.level)
	s.Budget = share - share/validationShare
	if check.State == nil {
		limit, err := affordable(s)
		if err != nil {
			return nil, err
		}
		check.Limit = limit
	}
	programs, err := c.within(s.Workload, check.Limit)
	if err != nil {
		return nil, err
	}
	s.Resume = check.State
	if s.Resume != nil && !s.Resume.Fits(programs) {
		s.Resume = nil
		a.warn("the checkpoint's models are others; this table begins anew")
	}
	s.Keep = func(state *latency.State) error {
		check.State = state
		return p.save(check)
	}
	table, err := a.measure(ctx, s, programs)
	if check.State != nil {
		if err := p.save(check); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, p.stopped(check)
	}
	if err != nil {
		return nil, err
	}
	predictor, err := latency.NewPredictor(table)
	if err != nil {
		return nil, err
	}
	s.Keep, s.Resume, s.Budget, s.Seed = nil, nil, share/validationShare, 7
	if s.Budget < leastValidation {
		return table, nil
	}
	found, _, _, err := a.trial(ctx, c.space, predictor, programs, s, validationModels)
	if ctx.Err() != nil {
		return nil, p.stopped(check)
	}
	if err != nil {
		a.warn("the table is not validated: " + plain(err))
		return table, nil
	}
	a.phase("%d held-out models: error %.2g %% in the mean, %.2g %% at worst", found.Models, found.MAPE, found.Worst)
	table.Validation = found
	return table, nil
}
