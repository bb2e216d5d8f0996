package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"nas/devices"
	"nas/kernels"
	"nas/latency"
	"nas/space"
)

// profiled is the table of a profile file that fits the flags, or the modelled one
// of a board of the catalogue.
func (a *app) profiled(t *target, ops []space.Op) (source, error) {
	if b, ok := devices.FindBoard(t.device); ok {
		if t.isa != "" && t.isa != b.Level {
			return source{}, bad(fmt.Errorf("%s is modelled with kernel level %s, not %s", b.ID, b.Level, t.isa), "leave --isa out")
		}
		if t.threads > b.Cores {
			return source{}, bad(fmt.Errorf("%s has %d cores, --threads is %d", b.ID, b.Cores, t.threads), "--threads %d", b.Cores)
		}
		a.warn(fmt.Sprintf("%s: latencies are modelled from datasheets and were checked on no such board: they may be off by more than their interval; nas devices calibrate makes more of ten measured ops", b.Name))
		return newSource(b.Profile(), latency.Modelled(b, t.workload, t.threads, ops))
	}
	f, err := readProfile(t.device)
	if err != nil {
		return source{}, err
	}
	table := f.Table(t.isa, t.threads, t.workload)
	if table == nil {
		return source{}, t.noTable(f)
	}
	if text := otherKernels(table); text != "" {
		a.warn(t.device + " " + text)
	}
	return newSource(f.Device, table)
}

// otherKernels says that a table was measured with kernels of another version; empty:
// it was not.
func otherKernels(t *latency.Table) string {
	if t.KernelVersion == kernels.Version || t.KernelVersion == 0 {
		return ""
	}
	return fmt.Sprintf("was measured with kernels of version %d, this nas has version %d: profile the device again", t.KernelVersion, kernels.Version)
}

// noTable says in what the table of f that is nearest to what is asked differs from it,
// and how to measure the missing one.
func (t *target) noTable(f *latency.File) error {
	show := "nas devices show " + t.device + " lists what it has"
	if t.isa != "" && !slices.ContainsFunc(f.Tables, func(table *latency.Table) bool { return table.Level == t.isa }) {
		if _, err := kernels.ParseLevel(t.isa); err != nil {
			return bad(err, "%s", show)
		}
	}
	var nearest []string
	least := math.MaxInt
	for _, table := range f.Tables {
		want := table.Conditions
		want.Threads, want.Workload = t.threads, t.workload
		if (table.Workload == space.Workload{}) {
			want.Workload = table.Workload
		}
		if t.isa != "" {
			want.Level = t.isa
		}
		differences := table.Conditions.Differences(want)
		away := len(differences)
		if table.Workload.Phase != want.Workload.Phase {
			away += len(f.Tables)
		}
		if away < least {
			nearest, least = differences, away
		}
	}
	err := fmt.Errorf("%s was measured under other conditions: %s", t.device, strings.Join(nearest, ", "))
	if len(f.Tables) > 1 {
		err = fmt.Errorf("no table of %s was measured under these conditions; the nearest: %s", t.device, strings.Join(nearest, ", "))
	}
	switch {
	case f.Device.Provenance.Kind == devices.Calibrated:
		return bad(err, "nas devices calibrate makes a profile for others, of ops that were measured under them; %s", show)
	case f.Tables[0].KernelVersion == 0:
		return bad(err, "nas devices import makes a profile for others, of what was measured under them; %s", show)
	case f.Device.ID() == devices.Detect("nas "+Version).ID():
		return bad(err, "%s -o %s; %s", t.measuring(), t.device, show)
	}
	return bad(err, "on the device: %s -o %s; %s", t.measuring(), filepath.Base(t.device), show)
}

// measuring is the command that adds a table of the target's conditions to a profile.
func (t *target) measuring() string {
	command := fmt.Sprintf("nas profile --add --space %s --threads %d", t.spaceName, t.threads)
	if t.isa != "" {
		command += " --isa " + t.isa
	}
	w := t.workload
	switch w.Phase {
	case space.Encode:
		command += fmt.Sprintf(" --sequence %d", w.Tokens)
	case space.Prefill:
		command += fmt.Sprintf(" --prompt %d", w.Tokens)
	case space.Decode:
		command += fmt.Sprintf(" --context %d", w.Context)
	}
	if w.Batch > 1 {
		command += fmt.Sprintf(" --batch %d", w.Batch)
	}
	return command
}
