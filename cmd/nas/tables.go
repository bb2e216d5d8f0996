package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

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

// latencies is the table of --device, else of this machine: from the cache, or as
// far as it lacks one of ops, measured now.
func (a *app) latencies(ctx context.Context, t *target, ops []space.Op) (source, error) {
	if t.device != "" {
		return a.profiled(t)
	}
	device, level, err := t.machine()
	if err != nil {
		return source{}, err
	}
	table, err := a.cached(ctx, t, device, level, ops)
	if err != nil {
		return source{}, err
	}
	return newSource(device, table)
}

func newSource(device devices.Profile, table *latency.Table) (source, error) {
	p, err := latency.NewPredictor(table)
	return source{device, p}, err
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
		return nil, bad(err, "fewer choices for heads, head_width, kv_heads or ffn keep the number of ops small")
	}
	seen := map[space.Op]bool{}
	for _, o := range ops {
		seen[o] = true
	}
	for _, r := range space.References(t.space.Model.Family) {
		if w.Validate(r.Arch.Model) != nil {
			continue
		}
		for _, s := range space.Lower(r.Arch, w).Steps {
			if !seen[s.Op] {
				seen[s.Op] = true
				ops = append(ops, s.Op)
			}
		}
	}
	return ops, nil
}

// profiled is the table of a profile file that fits the flags.
func (a *app) profiled(t *target) (source, error) {
	f, err := readProfile(t.device)
	if err != nil {
		return source{}, err
	}
	table := f.Table(t.isa, t.threads)
	if table == nil {
		var have []string
		for _, have1 := range f.Tables {
			want := have1.Conditions
			want.Threads = t.threads
			if t.isa != "" {
				want.Level = t.isa
			}
			have = append(have, strings.Join(have1.Conditions.Differences(want), ", "))
		}
		return source{}, bad(fmt.Errorf("%s has no table for these conditions: %s", t.device, strings.Join(have, "; or ")),
			"on the device: nas profile --threads %d -o %s", t.threads, filepath.Base(t.device))
	}
	if table.KernelVersion != kernels.Version {
		a.warn(fmt.Sprintf("%s was measured with kernels of version %d, this nas has version %d: profile the device again", t.device, table.KernelVersion, kernels.Version))
	}
	return newSource(f.Device, table)
}

// maxDrift is by how much the reference op may have moved since a table was
// measured for new entries to be put beside the old ones.
const maxDrift = 0.05

// cached is the table of this machine in the user's cache folder, with what it
// lacks of ops measured now and added.
func (a *app) cached(ctx context.Context, t *target, device devices.Profile, level kernels.Level, ops []space.Op) (*latency.Table, error) {
	path := cachePath(latency.Here(device, level, t.threads))
	var old *latency.Table
	if f, err := latency.Read(path); err == nil {
		old = f.Table(level.String(), t.threads)
	} else if path != "" && !errors.Is(err, os.ErrNotExist) {
		a.warn(fmt.Sprintf("the cached table is not used: %v", err))
	}
	missing := ops
	if old != nil {
		if missing = old.Lacks(ops); len(missing) == 0 {
			a.phase("using the table of %d ops measured here on %s", len(old.Entries), old.Date)
			return old, nil
		}
	}
	table, err := a.measure(ctx, t, device, level, missing, 0)
	if err != nil {
		return nil, err
	}
	if old != nil {
		if drift := math.Abs(table.Reference.Floor/old.Reference.Floor - 1); drift > maxDrift {
			a.phase("the machine runs %.0f%% off its speed of %s; measuring all ops again", 100*drift, old.Date)
			if table, err = a.measure(ctx, t, device, level, ops, 0); err != nil {
				return nil, err
			}
		} else {
			for o, e := range old.Entries {
				table.Entries[o] = e
			}
		}
	}
	if path != "" {
		f := latency.File{Device: device, Tables: []*latency.Table{table}}
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = f.Write(path)
		}
		if err != nil {
			a.warn(fmt.Sprintf("the table is not kept: %v", err))
		}
	}
	return table, nil
}

// cachePath is the file for conditions, empty where the system has no cache folder.
func cachePath(c latency.Conditions) string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "nas", "tables", c.Key()+".json")
}

// measure measures ops on this machine, with progress.
func (a *app) measure(ctx context.Context, t *target, device devices.Profile, level kernels.Level, ops []space.Op, budget time.Duration) (*latency.Table, error) {
	if t.threads > device.Cores.Usable {
		a.warn(fmt.Sprintf("%d threads on %d usable cores", t.threads, device.Cores.Usable))
	}
	a.phase("measuring %d int8 ops on this machine: %s, kernel level %s, threads %d", len(ops), device.Name, level, t.threads)
	start := time.Now()
	table, err := latency.Measure(ctx, ops, latency.Settings{Device: device, Level: level, Threads: t.threads, Budget: budget,
		Progress: func(p latency.Progress) {
			a.progress(p.Left, "round %d: %d of %d ops done", p.Round, p.Done, p.Ops)
		}})
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil, failed(fmt.Errorf("stopped before every op was measured; nothing was kept"), "run it again; it takes about half a minute")
	}
	if err != nil {
		return nil, err
	}
	a.phase("measured in %.1f s", time.Since(start).Seconds())
	if n := table.WithoutQuorum(); n > 0 {
		a.warn(fmt.Sprintf("%d of %d ops did not reach their floor three times: the machine is busy, or needs more time", n, len(table.Entries)))
	}
	return table, nil
}
