package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"nas/internal/statistics"
	"nas/kernels"
	"nas/latency"
	"nas/results"
	"nas/space"
)

const (
	verifyTime = 30 * time.Second // of running a front's members
	verifyMost = 60               // members that are run; of more, an even selection
)

// verify runs members of a report's front on this machine: their latencies become
// measured ones, and a member that breaks a limit (ns; 0: none) is marked as such. The
// report's warnings tell of these, and of members outside their predicted interval.
func (a *app) verify(ctx context.Context, t *target, list []timing, r *results.Report, limits []float64) error {
	chosen := make([]int, len(r.Front))
	for i := range chosen {
		chosen[i] = i
	}
	chosen = statistics.Evenly(chosen, verifyMost)
	for k, of := range list {
		one := *t
		one.device, one.workload = of.path, of.workload
		runs, err := a.rerun(ctx, &one, of, r, chosen)
		if err != nil {
			return err
		}
		table := of.predictor.Table()
		if drift, err := table.Drift(runs.Reference); err == nil && math.Abs(drift-1) > someDrift {
			r.Warnings = append(r.Warnings, drifted(table, drift))
		}
		outside := 0
		for at, i := range chosen {
			c, e := &r.Front[i], runs.Entries[at]
			latencies := slices.Clone(c.AllLatencies())
			l := &latencies[k]
			if e.Floor < l.Low || e.Floor > l.High {
				outside++
			}
			kind := results.Measured
			if limits[k] > 0 && e.Floor > limits[k] {
				kind = results.OverLimit
				r.Warnings = append(r.Warnings, fmt.Sprintf("member %d breaks the limit of %s for %s: it was predicted at %s and takes %s (%v)",
					i+1, results.Duration(limits[k]), l.Name, results.Duration(l.NS), results.Duration(e.Floor), c.Arch))
			}
			*l = results.Latency{Name: l.Name, NS: e.Floor, Low: min(e.Floor, e.Low), High: max(e.Floor, e.High), Kind: kind}
			c.SetLatencies(latencies)
		}
		if outside > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s of %d of %d members that ran was outside the predicted 90 %% interval", of.name, outside, len(chosen)))
		}
	}
	return nil
}

// rerun runs the chosen members as a timing's table was measured.
func (a *app) rerun(ctx context.Context, t *target, of timing, r *results.Report, chosen []int) (*latency.Runs, error) {
	device, _, err := t.machine()
	if err != nil {
		return nil, err
	}
	table := of.predictor.Table()
	level, err := kernels.Detect(table.Level)
	if err != nil {
		return nil, bad(err, "nas devices levels lists the levels of this machine")
	}
	var programs []*space.Program
	for _, i := range chosen {
		programs = append(programs, space.Lower(r.Front[i].Arch, t.workload))
	}
	s := t.settings(device, level)
	s.Pace, s.Budget = table.Pace, verifyTime
	s.Progress = func(p latency.Progress) {
		a.progress(max(verifyTime-p.Elapsed, 0), "round %d: %d of %d members done", p.Round, p.Done, p.Models)
	}
	a.phase("running %d of %d members of the front on this machine", len(chosen), len(r.Front))
	runs, err := latency.MeasurePrograms(ctx, programs, s)
	if err != nil {
		return nil, unmeasured(ctx, err)
	}
	return runs, nil
}
