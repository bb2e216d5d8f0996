package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

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
// measured ones, and a member that breaks the latency limit (ns; 0: none), or whose
// measured latency is outside the interval that was predicted, is told in the report's
// warnings. It returns how many break the limit.
func (a *app) verify(ctx context.Context, t *target, from source, r *results.Report, limit float64) (broken int, err error) {
	device, level, err := t.machine()
	if err != nil {
		return 0, err
	}
	if err := t.samePlace(device); err != nil {
		return 0, err
	}
	table := from.predictor.Table()
	if t.device != "" {
		if level, err = kernels.Detect(table.Level); err != nil {
			return 0, bad(err, "nas devices levels lists the levels of this machine")
		}
	}
	var chosen []int
	for i := range min(len(r.Front), verifyMost) {
		chosen = append(chosen, i*(len(r.Front)-1)/max(min(len(r.Front), verifyMost)-1, 1))
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
		return 0, failed(errors.New("stopped before every member ran"), "run it again; it takes half a minute")
	}
	outside := 0
	for at, i := range chosen {
		c, e := &r.Front[i], runs.Entries[at]
		if e.Floor < c.LatencyLow || e.Floor > c.LatencyHigh {
			outside++
		}
		if limit > 0 && e.Floor > limit {
			broken++
			r.Warnings = append(r.Warnings, fmt.Sprintf("member %d breaks the latency limit of %s: it was predicted at %s and takes %s (%v)",
				i+1, results.Duration(limit), results.Duration(c.LatencyNS), results.Duration(e.Floor), c.Arch))
		}
		c.LatencyNS, c.LatencyLow, c.LatencyHigh, c.LatencyKind = e.Floor, math.Min(e.Floor, e.Low), math.Max(e.Floor, e.High), results.Measured
	}
	if outside > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d of %d members that ran were outside their predicted 90 %% interval", outside, len(chosen)))
	}
	return broken, nil
}
