package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"nas/devices"
	"nas/kernels"
	"nas/latency"
	"nas/results"
	"nas/space"
)

const (
	maxDrift  = 0.05 // by which the reference model may have moved for new entries to be put beside old ones
	someDrift = 0.08 // from which drift is told, by a short look: the clock alone wavers by less
)

// here is the table of this machine in the user's cache folder; where it lacks one of
// ops, programs are measured now and added.
func (a *app) here(ctx context.Context, t *target, ops []space.Op, programs func(latency.Settings) ([]*space.Program, error)) (source, error) {
	device, level, err := t.machine()
	if err != nil {
		return source{}, err
	}
	path := cachePath(latency.Here(device, level, t.threads, t.workload))
	var old *latency.Table
	if f, err := latency.Read(path); err == nil {
		old = f.Table(level.String(), t.threads, t.workload)
	} else if path != "" && !errors.Is(err, os.ErrNotExist) {
		a.warn(fmt.Sprintf("the cached table is not used: %s", plain(err)))
	}
	if old != nil && len(old.Lacks(ops)) == 0 {
		a.phase("using the table of %d ops measured here on %s", len(old.Entries()), old.Date)
		s := t.settings(device, level)
		s.Pace = old.Pace
		a.tellDrift(old, s)
		return newSource(device, old)
	}
	list, err := programs(t.settings(device, level))
	if err != nil {
		return source{}, err
	}
	table, err := a.measure(ctx, t.settings(device, level), list)
	if err != nil {
		return source{}, err
	}
	if old != nil {
		drift, err := old.Drift(table.Reference)
		switch {
		case err == nil && math.Abs(drift-1) <= maxDrift:
			table.Adopt(old, drift)
		default:
			a.phase("the machine does not run at its speed of %s (%+.0f%%): the table of that day is dropped", old.Date, 100*(drift-1))
		}
	}
	a.keepTable(path, device, table)
	return newSource(device, table)
}

// tellDrift warns when the machine runs at another speed than when a table was
// measured.
func (a *app) tellDrift(t *latency.Table, s latency.Settings) {
	now, err := latency.MeasureReference(s)
	if err != nil {
		return
	}
	drift, err := t.Drift(now)
	if err == nil && math.Abs(drift-1) > someDrift {
		a.warn(drifted(t, drift))
	}
}

// drifted says that the machine's speed is another one than when a table was measured.
func drifted(t *latency.Table, drift float64) string {
	change, how := 100*(drift-1), "longer"
	if change < 0 {
		change, how = -change, "shorter"
	}
	return fmt.Sprintf("the reference model takes %.1f %% %s than on %s: predicted latencies are off by as much now; their order is not", change, how, t.Date)
}

func (a *app) keepTable(path string, device devices.Profile, table *latency.Table) {
	if path == "" {
		return
	}
	f := latency.File{Device: device, Tables: []*latency.Table{table}}
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = f.Write(path)
	}
	if err != nil {
		a.warn(fmt.Sprintf("the table is not kept: %v", err))
	}
}

// cachePath is the file for conditions, empty where the system has no cache folder.
func cachePath(c latency.Conditions) string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "nas", "tables", c.Key()+".json")
}

// settings are those of measuring on this machine.
func (t *target) settings(device devices.Profile, level kernels.Level) latency.Settings {
	return latency.Settings{Device: device, Level: level, Threads: t.threads, Workload: t.workload}
}

// measure measures programs on this machine, with progress and words on how it went.
// A table that comes with an error holds what was measured before ctx ended; nil: too
// little.
func (a *app) measure(ctx context.Context, s latency.Settings, programs []*space.Program) (*latency.Table, error) {
	if s.Threads > s.Device.Cores.Usable {
		a.warn(fmt.Sprintf("%d threads on %d usable cores", s.Threads, s.Device.Cores.Usable))
	}
	a.phase("measuring this machine with %s: %s, kernel level %s, threads %d, %v", results.Counted(len(programs), "int8 model"), s.Device.Name, s.Level, s.Threads, s.Workload)
	start := time.Now()
	s.Progress = func(p latency.Progress) {
		a.progress(p.Left, "round %d: %d of %d models done", p.Round, p.Done, p.Models)
	}
	table, err := latency.Measure(ctx, programs, s)
	if ctx.Err() != nil { // a table of the rounds so far is for checkpoints alone
		return table, abandoned("while this machine was measured")
	}
	if err != nil {
		return nil, err
	}
	a.phase("measured %d ops in %.1f s", len(table.Entries()), time.Since(start).Seconds())
	for _, text := range table.Advice() {
		a.warn(text)
	}
	return table, nil
}
