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
	latency       span
	evaluations   int
	time          span
	seed          uint64
	workers       int
	evaluatorName string
	objectives    []string
	verified      bool

	evaluator evaluator.Additive
}

func (a *app) searchCommand() *cobra.Command {
	h := &hunt{}
	c := &cobra.Command{Use: "search", Short: "Find the architectures that nothing beats under a budget", Args: exactly(0, ""),
		Long: `Search a space for the architectures that no other beats in score, latency and
memory at once. Without --device this machine is measured first (half a minute,
once). Equal flags, seed and device give the same front, whatever the workers.

  nas search --memory 8MiB
  nas search --memory 8MiB --latency 20ms --device board.json
  nas search --space decoder-compact --phase decode --memory 16MiB --format md
  nas search --memory 8MiB --format json -o front.json`,
		RunE: func(c *cobra.Command, _ []string) error { return a.search(c.Context(), h) }}
	h.workloadFlags(c)
	h.deviceFlags(c)
	h.output.flags(c)
	f := c.Flags()
	f.Var(&h.memory, "memory", "limit of weights + arena + KV cache, such as 8MiB")
	f.Var(&h.flash, "flash", "limit of the weights file, such as 6MB")
	f.Var(&h.params, "params", "limit of parameters, such as 12M")
	f.Var(&h.latency, "latency", "limit of latency, such as 20ms")
	f.IntVar(&h.evaluations, "evaluations", 200000, "architectures to score")
	f.Var(&h.time, "time", "search no longer than this; the front then depends on the machine's speed")
	f.Uint64Var(&h.seed, "seed", 1, "of the random numbers")
	f.IntVar(&h.workers, "workers", runtime.NumCPU(), "goroutines that search; the front does not depend on it")
	f.StringVar(&h.evaluatorName, "evaluator", evaluator.Names()[0], "`name` of the proxy accuracy: "+strings.Join(evaluator.Names(), ", "))
	f.StringSliceVar(&h.objectives, "objectives", []string{search.Score, search.Latency, search.Memory}, "what the front weighs against each other: a `list` of score, latency, memory")
	f.BoolVar(&h.verified, "verify", false, "run the front's members on this machine and mark those that break --latency")
	return c
}

func (h *hunt) limits() search.Limits {
	return search.Limits{Memory: int64(h.memory), Flash: int64(h.flash), Params: int64(h.params), Latency: float64(h.latency)}
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
	return h.output.check()
}

func (a *app) search(ctx context.Context, h *hunt) error {
	if err := h.check(); err != nil {
		return err
	}
	// What does not depend on the device is answered before it is measured.
	unmeasured := h.limits()
	unmeasured.Latency = 0
	p, err := h.problem(func(space.Op) float64 { return 1 }, 0, unmeasured)
	if err != nil {
		return err
	}
	if _, _, err := p.Feasibility(); err != nil {
		return h.infeasible(err)
	}
	ops, err := h.ops(h.workload)
	if err != nil {
		return err
	}
	from, err := a.latencies(ctx, &h.target, ops)
	if err != nil {
		return err
	}
	regimes := from.predictor.Regimes()
	last := regimes[len(regimes)-1]
	p, err = h.problem(last.Op, last.Overhead, h.limits())
	if err != nil {
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
	report, err := h.report(&judge{from, h.evaluator, h.threads}, p, result)
	if err != nil {
		return err
	}
	if h.verified {
		if _, err := a.verify(ctx, &h.target, from, report, float64(h.latency)); err != nil {
			return err
		}
	}
	if err := a.write(&h.output, report); err != nil {
		return err
	}
	if result.Stop == search.Cancelled && ctx.Err() != nil {
		return &fault{exitStopped, errors.New("stopped early; the front so far was kept"), "the same command without interruption gives the whole front"}
	}
	return nil
}

// problem is what is searched, at the costs of ops in ns.
func (h *hunt) problem(op func(space.Op) float64, overhead float64, l search.Limits) (*search.Additive, error) {
	p, err := search.NewAdditive(h.space, h.workload, h.threads,
		search.Costs{Op: op, Overhead: overhead, Base: h.evaluator.Base, Layer: h.evaluator.Layer}, l, h.objectives...)
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
	r := &results.Report{Conditions: j.conditions(h.space.Name, h.workload)}
	c := &r.Conditions
	l := h.limits()
	c.Limits = results.Limits{MemoryBytes: l.Memory, FlashBytes: l.Flash, Params: l.Params, LatencyNS: l.Latency}
	c.Seed, c.Evaluations, c.Stop = h.seed, result.Evaluations, string(result.Stop)
	for _, o := range p.Objectives() {
		c.Objectives = append(c.Objectives, o.Name)
	}
	interpolated := 0
	for _, m := range result.Front {
		member, unknown, err := j.candidate(ctx, h.space.Arch(m.Genes), h.workload)
		if err != nil {
			return nil, err
		}
		interpolated = max(interpolated, unknown)
		r.Front = append(r.Front, member)
	}
	var err error
	if r.References, err = j.references(ctx, h.workload, h.space.Model.Family); err != nil {
		return nil, err
	}
	r.Mark(p.Objectives())
	r.Warnings = j.warnings(interpolated)
	return r, nil
}

// warnings are what the reader of any figure from the table should know.
func (j *judge) warnings(interpolated int) []string {
	var w []string
	if t := j.predictor.Table(); t.WithoutQuorum() > 0 {
		w = append(w, fmt.Sprintf("%d of the table's %d ops have no confirmed floor: the machine was not quiet while it measured", t.WithoutQuorum(), len(t.Entries())))
	}
	if interpolated > 0 {
		w = append(w, fmt.Sprintf("up to %d steps of a model are not in the table: interpolated, not measured", interpolated))
	}
	return w
}
