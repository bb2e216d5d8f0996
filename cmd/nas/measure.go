package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"nas/devices"
	"nas/evaluator"
	"nas/internal/engine"
	"nas/internal/statistics"
	"nas/kernels"
	"nas/latency"
	"nas/results"
	"nas/space"
)

func (a *app) measureCommand() *cobra.Command {
	t, o := &target{}, &output{formats: compared}
	members, budget, weights := 3, span(20*time.Second), ""
	c := &cobra.Command{Use: "measure FILE|-|MODEL…", Short: "Run architectures for real, beside the prediction", Args: some,
		Long: `Run the int8 models of given architectures on this machine and hold the measured
latency and the allocated bytes against the prediction. Weights are random where no
safetensors file gives them.
` + architectures + `

  nas measure front.json --members 3
  nas measure BERT-tiny --time 5s
  nas measure tiny.safetensors                  with the weights that nas evaluate --save kept
  nas measure BERT-base --weights model.safetensors
  nas measure front.json --device board.json    on the board itself`,
		RunE: func(c *cobra.Command, args []string) error {
			if members < 0 {
				return bad(fmt.Errorf("--members %d is below zero", members), "--members 0 runs all")
			}
			if err := o.check(); err != nil {
				return err
			}
			g, err := a.read(args)
			if err != nil {
				return err
			}
			if err := a.weigh(g.models, weights); err != nil {
				return err
			}
			if members > 0 {
				g.models = statistics.Evenly(g.models, members)
			}
			if err := t.suit(c, g); err != nil {
				return err
			}
			device, level, err := t.machine()
			if err != nil {
				return err
			}
			if err := t.samePlace(device); err != nil {
				return err
			}
			from, err := a.latenciesOf(c.Context(), t, g.models)
			if err != nil {
				return err
			}
			if t.device != "" && t.isa == "" { // the level of the profile's table
				if level, err = kernels.Detect(from.predictor.Table().Level); err != nil {
					return bad(err, "nas devices levels lists the levels of this machine")
				}
			}
			r, err := t.predict(c.Context(), judgeOf(from, t.workload, evaluator.Capacity{}, t.threads), g.models)
			if err != nil {
				return err
			}
			cmp, err := a.compare(c.Context(), t, from.predictor.Table().Pace, device, level, r, g.models, time.Duration(budget))
			if err != nil {
				return err
			}
			if err := a.put(o, func(w io.Writer) error { return results.WriteComparisons(w, o.format, cmp) }); err != nil || c.Context().Err() == nil {
				return err
			}
			return stopped("the figures are of the rounds so far", "the same command without interruption gives firmer ones")
		}}
	t.workloadFlags(c)
	t.deviceFlags(c)
	o.flags(c)
	c.Flags().IntVar(&members, "members", members, "run so many, spread evenly over those given; 0: all")
	c.Flags().StringVar(&weights, "weights", "", "trained weights of the architecture: a safetensors `file`")
	c.Flags().Var(&budget, "time", "begin no round of measuring after this time")
	return c
}

// samePlace refuses the profile of another processor.
func (t *target) samePlace(here devices.Profile) error {
	if t.device == "" {
		return nil
	}
	if b, ok := devices.FindBoard(t.device); ok {
		return bad(fmt.Errorf("%s is modelled: its figures can only be held against models that run on it", b.Name), "run nas profile -o board.json and this on that device")
	}
	f, err := readProfile(t.device)
	if err != nil {
		return err
	}
	if f.Device.ID() != here.ID() {
		return bad(fmt.Errorf("%s is of another processor: %s; this machine has %s", t.device, f.Device.ID(), here.ID()),
			"run this on that device, or leave --device out")
	}
	return nil
}

// compare runs the models of a report.
func (a *app) compare(ctx context.Context, t *target, pace latency.Pace, device devices.Profile, level kernels.Level, r *results.Report, models []model, budget time.Duration) (*results.Comparisons, error) {
	set, err := kernels.For(level)
	if err != nil {
		return nil, err
	}
	out := &results.Comparisons{Conditions: r.Conditions, Warnings: r.Warnings}
	var runs []func()
	var streamed []int
	for i, c := range r.Front {
		a.progress(0, "building model %d of %d", i+1, len(r.Front))
		e, run, err := build(c.Arch, t.workload, engine.Options{Threads: t.threads, Kernels: set}, models[i].weights)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		runs, streamed = append(runs, run), append(streamed, space.Lower(c.Arch, t.workload).Streamed())
		m := e.Memory()
		out.Members = append(out.Members, results.Comparison{Candidate: c, AllocatedBytes: int64(m.Total()), AllocatedEquals: int64(m.Total()) == c.MemoryBytes})
	}
	a.phase("running %s on this machine: %s, kernel level %s, threads %d", results.Counted(len(runs), "model"), device.Name, level, t.threads)
	s := t.settings(device, level)
	s.Pace = pace
	s.Budget, s.Progress = budget, func(p latency.Progress) {
		a.progress(max(budget-p.Elapsed, 0), "round %d: %d of %d models done", p.Round, p.Done, p.Models)
	}
	measured, err := latency.MeasureRuns(ctx, runs, streamed, s)
	if err != nil {
		return nil, unmeasured(ctx, err)
	}
	unsure := 0
	for i, e := range measured.Entries {
		m := &out.Members[i]
		m.Floor, m.Median, m.Low, m.High, m.Rounds, m.Confirmed = e.Floor, e.Median, e.Low, e.High, e.Rounds, e.Reached
		m.Difference = e.Floor/m.LatencyNS - 1
		if !e.Quorum() {
			unsure++
		}
	}
	if unsure > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("the floors of %d of %d models were not confirmed to 1 %%: the machine is busy, or needs more --time", unsure, len(runs)))
	}
	return out, nil
}

// unmeasured says why models have no measured latency.
func unmeasured(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return abandoned("before every model ran")
	}
	return err
}

// build makes a model, with random weights where trained is nil. run is one inference of the workload's
// phase, on a prompt that was prefilled where it decodes.
func build(arch space.Arch, w space.Workload, o engine.Options, trained *evaluator.Weights) (*engine.Engine, func(), error) {
	phases := w.Phases()
	var programs []*space.Program
	at := 0
	for i, phase := range phases {
		programs = append(programs, space.Lower(arch, phase))
		if phase.Phase == w.Phase {
			at = i
		}
	}
	source := engine.RandomSource(1, programs[0])
	if trained != nil {
		source = trained.Source()
	}
	e, err := engine.New(engine.Pack(programs[0], source), o, programs...)
	if err != nil {
		return nil, nil, err
	}
	tokens := make([]int32, w.Batch*w.Tokens)
	for i := range tokens {
		tokens[i] = int32(i * 7919 % arch.Vocabulary)
	}
	for i := range at + 1 {
		these := tokens
		if phases[i].Phase == space.Decode {
			these = tokens[:w.Batch]
		}
		if _, err := e.Run(i, these); err != nil {
			e.Close()
			return nil, nil, err
		}
		tokens = these
	}
	return e, func() {
		if _, err := e.Run(at, tokens); err != nil {
			panic(err) // it ran above
		}
	}, nil
}
