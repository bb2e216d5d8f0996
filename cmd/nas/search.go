package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nas/evaluator"
	"nas/results"
	"nas/search"
	"nas/space"
)

// hunt is what nas search is asked.
type hunt struct {
	target
	output
	memory, flash byteSize
	params        count
	latency       latencyLimits
	devices       []string
	evaluations   int
	time          span
	seed          uint64
	workers       int
	scoring
	objectives []string
	algorithm  string
	verified   bool
	still      float64
	study      string
	replay     bool // only what the study holds

	additive evaluator.Additive // what is added up; the score itself, or a guide to a costly one
	timings  []timing
	limits   search.Limits
	names    []string // of the objectives
}

func (a *app) searchCommand() *cobra.Command {
	h := &hunt{}
	c := &cobra.Command{Use: "search", Short: "Find the architectures that nothing beats under a budget", Args: exactly(0, ""),
		Long: `Search a space for the architectures that no other beats in score, latency and
memory at once. Without --device this machine is measured first (half a minute,
once). Equal flags, seed and device give the same front, whatever the workers.
It ends after --evaluations, after --time, or when the front stands still.
Where --evaluator is train or supernet the default of --space is ` + trainable + `.

  nas search --memory 8MiB
  nas search --memory 8MiB --latency 20ms --device board.json
  nas search --memory 8MiB --device a.json --device b.json --latency a=20ms,b=35ms
  nas search --space decoder-compact --memory 16MiB --latency prefill=50ms,decode=2ms
  nas search --space decoder-compact --phase decode --memory 16MiB --format md
  nas search --memory 8MiB --algorithm exact --objectives score,latency --front 12
  nas search --memory 8MiB --format json -o front.json
  nas search --memory 8MiB --study phone.db            keeps all, survives a kill
  nas search --study phone.db                          goes on`,
		RunE: func(c *cobra.Command, _ []string) error { return a.search(c.Context(), c.Flags(), h) }}
	h.bind(c)
	return c
}

// bind makes the flags of c those of h.
func (h *hunt) bind(c *cobra.Command) {
	h.workloadFlags(c)
	h.machineFlags(c)
	h.output.flags(c)
	f := c.Flags()
	f.Var(&h.memory, "memory", "limit of weights + arena + KV cache, such as 8MiB")
	f.Var(&h.flash, "flash", "limit of the weights file, such as 6MB")
	f.Var(&h.params, "params", "limit of parameters, such as 12M")
	f.Var(&h.latency, "latency", "limit of latency, such as 20ms; of several devices or both phases: phone=20ms,board=35ms or prefill=50ms,decode=2ms")
	f.StringArrayVarP(&h.devices, "device", "d", nil, "device profile `file` (default: this machine, measured when needed); may be repeated: the front then fits all, each called as its file")
	f.StringVar(&h.algorithm, "algorithm", algorithms()[0], "how to search: "+strings.Join(algorithms(), ", "))
	f.IntVar(&h.evaluations, "evaluations", 1000000, "stop after so many architectures")
	f.Var(&h.time, "time", "stop after this time; the front then depends on the machine's speed")
	f.Float64Var(&h.still, "still", 1e-5, "stop when a quarter more evaluations added less than this `share` to the hypervolume; 0: never")
	f.Uint64Var(&h.seed, "seed", 1, "of the random numbers")
	f.IntVar(&h.workers, "workers", runtime.NumCPU(), "goroutines that search; the front does not depend on it")
	h.scoring.flags(c, searchEvaluators)
	f.IntVar(&h.wanted, "scores", 0, "architectures that a costly --evaluator scores at most; 0: 200, or of a supernet what fits into --time, up to 400")
	f.StringSliceVar(&h.objectives, "objectives", nil, "what the front weighs against each other: a `list` of two to four of score, latency, memory, flash, params; also prefill, decode and names of devices (default score,latency,memory)")
	f.BoolVar(&h.verified, "verify", false, "run the front's members on this machine and mark those that break --latency")
	f.StringVar(&h.study, "study", h.study, "keep everything in `file`, and go on from it where it exists")
}

// check finds faults of the flags before any work.
func (h *hunt) check() (err error) {
	if h.evaluations < 1 || h.evaluations > 1e9 {
		return bad(fmt.Errorf("--evaluations %d is outside 1…1000000000", h.evaluations), "the default is --evaluations 1000000")
	}
	if !slices.Contains(algorithms(), h.algorithm) {
		return bad(fmt.Errorf("unknown algorithm %.40q", h.algorithm), "the algorithms are %s", strings.Join(algorithms(), ", "))
	}
	if !(h.still >= 0 && h.still < 1) {
		return bad(fmt.Errorf("--still %v is outside 0…1", h.still), "the default is --still 1e-5; --still 0 never stops for it")
	}
	if h.workers < 1 || h.workers > 1024 {
		return bad(fmt.Errorf("--workers %d is outside 1…1024", h.workers), "leave --workers out: the front does not depend on it")
	}
	h.additive = evaluator.Capacity{}
	if h.wanted < 0 || h.wanted > 1e5 {
		return bad(fmt.Errorf("--scores %d is outside 0…100000", h.wanted), "leave --scores out for the default")
	}
	if err := h.target.resolve(); err != nil {
		return err
	}
	if err := h.settleTimings(); err != nil {
		return err
	}
	return h.output.check()
}

// settleTimings finds the latencies, limits and objectives that the flags mean.
func (h *hunt) settleTimings() (err error) {
	if h.timings, err = h.target.timings(h.devices, append(h.latency.names(), h.objectives...)); err != nil {
		return err
	}
	h.limits = search.Limits{Memory: int64(h.memory), Flash: int64(h.flash), Params: int64(h.params)}
	if h.limits.Latency, err = h.latency.of(h.timings); err != nil {
		return err
	}
	if h.names, err = objectives(h.timings, h.objectives); err != nil || !h.verified {
		return err
	}
	device, _, err := h.machine()
	for _, of := range h.timings {
		one := h.target
		one.device = of.path
		err = cmp.Or(err, one.samePlace(device))
	}
	return err
}

func (a *app) search(ctx context.Context, flags *pflag.FlagSet, h *hunt) error {
	report, err := a.hunt(ctx, flags, h)
	if report == nil {
		return err
	}
	kept := "the front so far was kept"
	if h.verified && ctx.Err() == nil {
		if err := a.verify(ctx, &h.target, h.timings, report, h.limits.Latency); err != nil && ctx.Err() == nil {
			return err
		}
		kept = "the front was kept, not all of it verified"
	}
	if err := a.write(&h.output, report); err != nil {
		return err
	}
	if err == nil && ctx.Err() != nil {
		hint := "the same command without interruption gives the whole front; with --study FILE.db it could go on"
		if h.study != "" {
			hint = "nas search --study " + h.study + " goes on"
		}
		return stopped(kept, "%s", hint)
	}
	return err
}

// hunt searches and reports. A report with an error is of what was found before it.
func (a *app) hunt(ctx context.Context, flags *pflag.FlagSet, h *hunt) (report *results.Report, err error) {
	var k *keeper
	if h.study != "" {
		if k, err = resume(flags, h); err != nil {
			return nil, err
		}
	}
	if err := h.scoring.check(flags, searchEvaluators); err != nil {
		return nil, errors.Join(err, k.close())
	}
	if k == nil && h.scoring.trains() && !flags.Changed("space") {
		h.spaceName = trainable
		a.phase("the space is %s, which trains in minutes; --space chooses another", trainable)
	}
	defer func() {
		if closeErr := k.close(); err == nil {
			err = closeErr
		}
	}()
	if k != nil && !h.replay {
		report, err := k.finished(h)
		if report != nil {
			longer := ""
			switch reason := search.Reason(report.Conditions.Stop); {
			case reason != search.BudgetSpent && reason != search.StandsStill: // there is no more
			case h.costly():
				longer = "; more --scores make it longer"
			default:
				longer = "; more --evaluations, or a smaller --still, makes it longer"
			}
			a.phase("the search of this study is finished: %s%s", report.Conditions.Stop, longer)
		}
		if report != nil || err != nil {
			return report, err
		}
	}
	p, err := a.prepare(ctx, h)
	if err != nil {
		return nil, err
	}
	seeds, survey, err := a.feasible(ctx, h, p)
	if err != nil {
		return nil, err
	}
	if h.study != "" && k == nil {
		if k, err = begin(flags, h); err != nil {
			return nil, err
		}
	}
	f := &find{app: a, hunt: h, problem: p, keeper: k}
	defer h.scoring.close() // when the reference models are scored too
	runErr := f.run(ctx, seeds)
	if f.result == nil || len(f.result.Front) == 0 && runErr != nil {
		return nil, runErr
	}
	if len(f.result.Front) == 0 {
		return nil, h.empty(p, f.result)
	}
	f.certify(ctx)
	if report, err = f.report(survey); err != nil {
		return nil, err
	}
	if runErr == nil && k != nil && !h.replay {
		if err := k.PutReport(report); err != nil {
			runErr = studyFault(h.study, err)
		}
	}
	return report, runErr
}

// prepare makes the problem, measuring what it lacks.
func (a *app) prepare(ctx context.Context, h *hunt) (*search.Additive, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	// What does not depend on the device is answered before it is measured.
	unmeasured := h.limits
	unmeasured.Latency = nil
	p, err := h.problem(func(t timing) search.Timing {
		return search.Timing{Name: t.name, Workload: t.workload, Regimes: []search.Regime{{Op: func(space.Op) float64 { return 1 }}}}
	}, unmeasured)
	if err != nil {
		return nil, err
	}
	if _, _, err := p.Feasibility(); err != nil {
		return nil, h.infeasible(err)
	}
	if err := a.fill(ctx, &h.target, h.timings); err != nil {
		return nil, err
	}
	return h.problem(timing.costs, h.limits)
}

// algorithms are the names that --algorithm takes.
func algorithms() []string {
	names := []string{string(search.Algorithms[0]), string(search.ByProof)}
	for _, a := range search.Algorithms[1:] {
		names = append(names, string(a))
	}
	return names
}

// problem is what is searched.
func (h *hunt) problem(costs func(timing) search.Timing, l search.Limits) (*search.Additive, error) {
	c := search.Costs{Base: h.additive.Base, Layer: h.additive.Layer}
	for _, t := range h.timings {
		c.Timings = append(c.Timings, costs(t))
	}
	p, err := search.NewAdditive(h.space, h.workload, h.threads, c, l, h.names...)
	if err != nil {
		return nil, bad(err, "nas search --help lists flags and examples")
	}
	return p, nil
}
