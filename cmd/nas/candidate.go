package main

import (
	"context"
	"fmt"
	"slices"

	"nas/devices"
	"nas/evaluator"
	"nas/results"
	"nas/search"
	"nas/space"
)

// judge puts figures on architectures.
type judge struct {
	timings   []timing
	evaluator evaluator.Evaluator
	threads   int

	interpolated, extrapolated int // the most steps of a model so far that no table has
}

// judgeOf judges by one table.
func judgeOf(from source, w space.Workload, e evaluator.Evaluator, threads int) *judge {
	return &judge{timings: []timing{{name: search.Latency, workload: w, source: from}}, evaluator: e, threads: threads}
}

// candidate is what is known of a, its memory being that of the first workload.
func (j *judge) candidate(ctx context.Context, a space.Arch) (c results.Candidate, err error) {
	params := space.CountParams(a)
	c = results.Candidate{Arch: a, Params: params.Total, ParamsNonEmbedding: params.NonEmbedding()}
	c.SetMemory(space.PlanMemory(a, j.timings[0].workload, j.threads))
	var list []results.Latency
	for _, t := range j.timings {
		e := t.predictor.Program(space.Lower(a, t.workload))
		list = append(list, results.Latency{Name: t.name, NS: e.Nanoseconds, Low: e.Low, High: e.High, Kind: t.kind()})
		j.interpolated, j.extrapolated = max(j.interpolated, e.Unknown-e.Outside), max(j.extrapolated, e.Outside)
	}
	c.SetLatencies(list)
	score, err := j.evaluator.Evaluate(ctx, a)
	c.Score, c.ScoreResolution = score.Value, score.Resolution
	return c, err
}

// kind is what a sum of the table's entries is.
func (s source) kind() results.Kind {
	if s.device.Provenance.Kind != devices.Measured {
		return results.Modelled
	}
	return results.Predicted
}

// conditions are those of a report.
func (j *judge) conditions(spaceName string) results.Conditions {
	var sources []results.Source
	for _, t := range j.timings {
		table := t.predictor.Table()
		sources = append(sources, results.Source{Name: t.name, Workload: t.workload, Device: t.device.Name, Level: table.Level, Threads: table.Threads,
			KernelVersion: table.KernelVersion, TableDate: table.Date, Ops: len(table.Entries()), OpsWithoutQuorum: table.WithoutQuorum()})
	}
	first := sources[0]
	if len(sources) == 1 {
		sources = nil
	}
	return results.Conditions{
		Tool: "nas " + Version, Space: spaceName, Workload: first.Workload,
		Device: first.Device, Level: first.Level, Threads: first.Threads, KernelVersion: first.KernelVersion,
		TableDate: first.TableDate, Ops: first.Ops, OpsWithoutQuorum: first.OpsWithoutQuorum, Latencies: sources,
		Evaluator: j.evaluator.Name(), ScoreUnit: j.evaluator.Unit(),
	}
}

// warnings are what the reader of any figure from the tables should know.
func (j *judge) warnings() []string {
	var w []string
	for i, t := range j.timings {
		if slices.ContainsFunc(j.timings[:i], func(b timing) bool { return b.predictor == t.predictor }) {
			continue
		}
		table, of := t.predictor.Table(), "the table"
		if t.short != "" && t.name != search.Latency {
			of = "the table of " + t.short
		}
		if text := otherKernels(table); text != "" {
			w = append(w, of+" "+text)
		}
		if text := table.Unconfirmed(); text != "" {
			w = append(w, of+": "+text)
		}
	}
	for _, gap := range []struct {
		steps int
		what  string
	}{{j.interpolated, "not in the table: interpolated, not measured"}, {j.extrapolated, "beyond the sizes of the table: extrapolated, not measured"}} {
		if gap.steps > 0 {
			w = append(w, fmt.Sprintf("up to %d steps of a model are %s", gap.steps, gap.what))
		}
	}
	return w
}
