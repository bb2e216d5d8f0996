package main

import (
	"context"
	"math/rand/v2"
	"os"

	"nas/devices"
	"nas/kernels"
	"nas/latency"
	"nas/space"
)

// source is where latencies come from: a device's table.
type source struct {
	device    devices.Profile
	predictor *latency.Predictor
}

func newSource(device devices.Profile, table *latency.Table) (source, error) {
	p, err := latency.NewPredictor(table)
	return source{device, p}, err
}

// latencies is the table of --device, else of this machine: from the cache, or
// measured now where it lacks one of ops, which are the space's.
func (a *app) latencies(ctx context.Context, t *target, ops []space.Op) (source, error) {
	if t.device != "" {
		return a.profiled(t, ops)
	}
	return a.here(ctx, t, ops, t.covering)
}

// latenciesOf is latencies for the ops of given models: what is missing is measured
// in them.
func (a *app) latenciesOf(ctx context.Context, t *target, models []model) (source, error) {
	if t.device != "" {
		return a.profiled(t, t.opsOf(models))
	}
	return a.here(ctx, t, t.opsOf(models), func(latency.Settings) ([]*space.Program, error) {
		var programs []*space.Program
		for _, m := range models {
			programs = append(programs, space.Lower(m.arch, t.workload))
		}
		return programs, nil
	})
}

// machine is this machine and the kernel level to use on it.
func (t *target) machine() (devices.Profile, kernels.Level, error) {
	force := t.isa
	if force == "" {
		force = os.Getenv("NAS_CPU")
	}
	level, err := kernels.Detect(force)
	if err != nil {
		return devices.Profile{}, 0, bad(err, "nas devices levels lists the levels of this machine")
	}
	return devices.Detect("nas " + Version), level, nil
}

// ops is what a table for the target holds: the ops of the space and of the
// reference models of its family.
func (t *target) ops(w space.Workload) ([]space.Op, error) {
	ops, err := t.space.Ops(w)
	if err != nil {
		return nil, tooManyOps(err)
	}
	seen := map[space.Op]bool{}
	for _, o := range ops {
		seen[o] = true
	}
	for _, p := range t.references(w) {
		for _, s := range p.Steps {
			if !seen[s.Op] {
				seen[s.Op] = true
				ops = append(ops, s.Op)
			}
		}
	}
	return ops, nil
}

func tooManyOps(err error) error {
	return bad(err, "fewer choices for heads, head_width, kv_heads or ffn keep the number of ops small")
}

// references are the programs of the reference models that have the positions for
// w.
func (t *target) references(w space.Workload) (list []*space.Program) {
	for _, r := range space.References(t.space.Model.Family) {
		if w.Validate(r.Arch.Model) == nil {
			list = append(list, space.Lower(r.Arch, w))
		}
	}
	return list
}

// covering are the models in which all ops of the target are measured: as many as
// the budget of s allows on this machine.
func (t *target) covering(s latency.Settings) ([]*space.Program, error) {
	limit, err := affordable(s)
	if err != nil {
		return nil, err
	}
	return t.within(s.Workload, limit)
}

// affordable is what a run of all models may cost.
func affordable(s latency.Settings) (float64, error) {
	if s.Budget == 0 {
		s.Budget = latency.DefaultBudget
	}
	now, err := latency.MeasureReference(s)
	return float64(s.Budget) / roundsOfAll * latency.Cost(latency.ReferenceProgram(s.Workload.Phase)) / now.Median, err
}

// within are the models of a covering that costs no more than limit.
func (t *target) within(w space.Workload, limit float64) ([]*space.Program, error) {
	programs, err := latency.Cover(t.space, w, limit, rand.New(rand.NewPCG(coverSeed, 0)))
	if err != nil {
		return nil, tooManyOps(err)
	}
	for _, p := range programs {
		limit -= latency.Cost(p)
	}
	for _, p := range t.references(w) {
		if limit -= latency.Cost(p); limit > 0 {
			programs = append(programs, p)
		}
	}
	return programs, nil
}

// roundsOfAll is how many runs of all models the time should be enough for: ten
// rounds of a run to warm up, one step by step, and one as a whole.
const roundsOfAll = 30

// coverSeed draws the models that are measured; validations draw others.
const coverSeed = 20
