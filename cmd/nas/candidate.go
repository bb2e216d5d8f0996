package main

import (
	"context"

	"nas/devices"
	"nas/evaluator"
	"nas/results"
	"nas/space"
)

// judge puts figures on architectures.
type judge struct {
	source
	evaluator evaluator.Additive
	threads   int
}

// candidate is what is known of a under w. unknown is how many of its steps the
// table has no entry for.
func (j *judge) candidate(ctx context.Context, a space.Arch, w space.Workload) (c results.Candidate, unknown int, err error) {
	params := space.CountParams(a)
	c = results.Candidate{Arch: a, Params: params.Total, ParamsNonEmbedding: params.NonEmbedding(), LatencyKind: j.kind()}
	c.SetMemory(space.PlanMemory(a, w, j.threads))
	e := j.predictor.Program(space.Lower(a, w))
	c.LatencyNS, c.LatencyLow, c.LatencyHigh = e.Nanoseconds, e.Low, e.High
	score, err := j.evaluator.Evaluate(ctx, a)
	c.Score, c.ScoreResolution = score.Value, score.Resolution
	return c, e.Unknown, err
}

// kind is what a sum of the table's entries is.
func (j *judge) kind() results.Kind {
	if j.device.Provenance.Kind != devices.Measured {
		return results.Modelled
	}
	return results.Predicted
}

// references are the hand-designed models of the family under w, without those that
// have too few positions for it.
func (j *judge) references(ctx context.Context, w space.Workload, f space.Family) (list []results.Candidate, err error) {
	for _, r := range space.References(f) {
		if w.Validate(r.Arch.Model) != nil {
			continue
		}
		c, _, err := j.candidate(ctx, r.Arch, w)
		if err != nil {
			return nil, err
		}
		c.Name, c.Source = r.Name, r.Source
		list = append(list, c)
	}
	return list, nil
}

// conditions are those of a report about w.
func (j *judge) conditions(spaceName string, w space.Workload) results.Conditions {
	t := j.predictor.Table()
	return results.Conditions{
		Tool: "nas " + Version, Space: spaceName, Workload: w,
		Device: j.device.Name, Level: t.Level, Threads: t.Threads, KernelVersion: t.KernelVersion,
		TableDate: t.Date, Ops: len(t.Entries()), OpsWithoutQuorum: t.WithoutQuorum(),
		Evaluator: j.evaluator.Name(), ScoreUnit: j.evaluator.Unit(),
	}
}
