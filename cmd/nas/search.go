package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	evaluatorName string
	objectives    []string

	evaluator evaluator.Additive
	timings   []timing
	limits    search.Limits
	names     []string // of the objectives
}

func (a *app) searchCommand() *cobra.Command {
	h := &hunt{}
	c := &cobra.Command{Use: "search", Short: "Find the architectures that nothing beats under a budget", Args: exactly(0, ""),
		Long: `Search a space for the architectures that no other beats in score, latency and
memory at once. Without --device this machine is measured first (half a minute,
once). Equal flags, seed and device give the same front, whatever the workers.

  nas search --memory 8MiB
  nas search --memory 8MiB --latency 20ms --device board.json
  nas search --memory 8MiB --device a.json --device b.json --latency a=20ms,b=35ms
  nas search --space decoder-compact --memory 16MiB --latency prefill=50ms,decode=2ms
  nas search --space decoder-compact --phase decode --memory 16MiB --format md
  nas search --memory 8MiB --format json -o front.json`,
		RunE: func(c *cobra.Command, _ []string) error { return a.search(c.Context(), h) }}
	h.workloadFlags(c)
	h.machineFlags(c)
	h.output.flags(c)
	f := c.Flags()
	f.Var(&h.memory, "memory", "limit of weights + arena + KV cache, such as 8MiB")
	f.Var(&h.flash, "flash", "limit of the weights file, such as 6MB")
	f.Var(&h.params, "params", "limit of parameters, such as 12M")
	f.Var(&h.latency, "latency", "limit of latency, such as 20ms; of several devices or both phases: phone=20ms,board=35ms or prefill=50ms,decode=2ms")
	f.StringArrayVarP(&h.devices, "device", "d", nil, "device profile `file` (default: this machine, measured when needed); may be repeated: the front then fits all, each called as its file")
	f.IntVar(&h.evaluations, "evaluations", 200000, "architectures to score")
	f.Var(&h.time, "time", "search no longer than this; the front then depends on the machine's speed")
	f.Uint64Var(&h.seed, "seed", 1, "of the random numbers")
	f.IntVar(&h.workers, "workers", runtime.NumCPU(), "goroutines that search; the front does not depend on it")
	f.StringVar(&h.evaluatorName, "evaluator", evaluator.Names()[0], "`name` of the proxy accuracy: "+strings.Join(evaluator.Names(), ", "))
	f.StringSliceVar(&h.objectives, "objectives", nil, "what the front weighs against each other: a `list` of two to four of score, latency, memory, flash, params; also prefill, decode and names of devices (default score,latency,memory)")
	return c
}

// check finds faults of the flags before any work.
func (h *hunt) check() (err error) {
	if h.evaluations < 1 || h.evaluations > 1e9 {
		return bad(fmt.Errorf("--evaluations %d is outside 1…1000000000", h.evaluations), "the default is --evaluations 200000")
	}
	if h.workers < 1 || h.workers > 1024 {
		return bad(fmt.Errorf("--workers %d is outside 1…1024", h.workers), "leave --workers out: the front does not depend on it")
	}
	if h.evaluator, err = evaluator.ByName(h.evaluatorName); err != nil {
		return bad(err, "--evaluator %s", evaluator.Names()[0])
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
	h.names, err = objectives(h.timings, h.objectives)
	return err
}

func (a *app) search(ctx context.Context, h *hunt) error {
	if err := h.check(); err != nil {
		return err
	}
	// What does not depend on the device is answered before it is measured.
	unmeasured := h.limits
	unmeasured.Latency = nil
	p, err := h.problem(func(t timing) search.Timing {
		return search.Timing{Name: t.name, Workload: t.workload, Regimes: []search.Regime{{Op: func(space.Op) float64 { return 1 }}}}
	}, unmeasured)
	if err != nil {
		return err
	}
	if _, _, err := p.Feasibility(); err != nil {
		return h.infeasible(err)
	}
	if err := a.fill(ctx, &h.target, h.timings); err != nil {
		return err
	}
	if p, err = h.problem(timing.costs, h.limits); err != nil {
		return err
	}
	seeds, _, err := p.Feasibility()
	if err != nil {
		return h.infeasible(err)
	}
	result, err := a.run(ctx, h, p, seeds)
	if err != nil {
		return err
	}
	if len(result.Front) == 0 {
		return h.empty(p, result)
	}
	report, err := h.report(&judge{h.timings, h.evaluator, h.threads}, p, result)
	if err != nil {
		return err
	}
	if err := a.write(&h.output, report); err != nil {
		return err
	}
	if result.Stop == search.Cancelled && ctx.Err() != nil {
		return &fault{exitStopped, errors.New("stopped early; the front so far was kept"), "the same command without interruption gives the whole front"}
	}
	return nil
}

// problem is what is searched.
func (h *hunt) problem(costs func(timing) search.Timing, l search.Limits) (*search.Additive, error) {
	c := search.Costs{Base: h.evaluator.Base, Layer: h.evaluator.Layer}
	for _, t := range h.timings {
		c.Timings = append(c.Timings, costs(t))
	}
	p, err := search.NewAdditive(h.space, h.workload, h.threads, c, l, h.names...)
	if err != nil {
		return nil, bad(err, "nas search --help lists flags and examples")
	}
	return p, nil
}

// run searches, with progress.
func (a *app) run(ctx context.Context, h *hunt, p *search.Additive, seeds []space.Genes) (*search.Result, error) {
	if h.time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(h.time))
		defer cancel()
	}
	a.phase("searching %s: %s architectures", h.space.Name, results.Count(approximate(h.space)))
	start, told := time.Now(), time.Now()
	result, err := search.Run(ctx, p, search.Settings{Evaluations: h.evaluations, Seed: h.seed, Workers: h.workers, First: seeds,
		Progress: func(at search.Progress) {
			if time.Since(told) < 100*time.Millisecond {
				return
			}
			told = time.Now()
			left := time.Duration(float64(time.Since(start)) * float64(at.Of-at.Evaluations) / float64(at.Evaluations))
			a.progress(left, "%d of %d evaluations, %d on the front", at.Evaluations, at.Of, at.Front)
		}})
	if err == nil {
		a.phase("%d evaluations in %.2f s", result.Evaluations, time.Since(start).Seconds())
	}
	return result, err
}

func approximate(s *space.Space) float64 {
	v, _ := s.Size().Float64()
	return v
}

// report puts figures on what was found.
func (h *hunt) report(j *judge, p *search.Additive, result *search.Result) (*results.Report, error) {
	// Figures of what was found are made even where the search was stopped.
	ctx := context.Background()
	r := &results.Report{Conditions: j.conditions(h.space.Name)}
	c := &r.Conditions
	l := h.limits
	c.Limits = results.Limits{MemoryBytes: l.Memory, FlashBytes: l.Flash, Params: l.Params, LatencyNS: l.Latency[0]}
	for i, t := range h.timings {
		if len(h.timings) > 1 {
			c.Limits.Latencies = append(c.Limits.Latencies, results.LatencyLimit{Name: t.name, NS: l.Latency[i]})
		}
	}
	c.Seed, c.Evaluations, c.Stop = h.seed, result.Evaluations, string(result.Stop)
	for _, o := range p.Objectives() {
		c.Objectives = append(c.Objectives, o.Name)
	}
	interpolated := 0
	for _, m := range result.Front {
		member, unknown, err := j.candidate(ctx, h.space.Arch(m.Genes))
		if err != nil {
			return nil, err
		}
		interpolated = max(interpolated, unknown)
		r.Front = append(r.Front, member)
	}
	var err error
	if r.References, err = j.references(ctx, h.space.Model.Family); err != nil {
		return nil, err
	}
	r.Mark(p.Objectives())
	r.Warnings = j.warnings(interpolated)
	return r, nil
}
