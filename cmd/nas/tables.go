package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
	a.phase("measuring this machine with %d int8 models: %s, kernel level %s, threads %d, %v", len(programs), s.Device.Name, s.Level, s.Threads, s.Workload)
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
