package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nas/latency"
	"nas/results"
	"nas/search"
	"nas/space"
)

// timing is one of the latencies that a command looks at: on one device, in one
// phase.
type timing struct {
	name     string // search.Latency where it is the only one
	path     string // the device's profile file; empty: this machine
	short    string // the device's name in --latency and --objectives
	workload space.Workload
	source   // once it is measured or read
}

// timings lists the latencies of the devices in the phase of the workload, and in a
// decoder's other phase where one of the names asks for it.
func (t *target) timings(devices []string, names []string) (list []timing, err error) {
	if len(devices) == 0 {
		devices = []string{""}
	}
	shorts := make([]string, len(devices))
	for i, path := range devices {
		if filepath.Base(path) == thisMachine || path == "" {
			continue // it has no name
		}
		shorts[i] = shortName(path)
		if slices.Contains([]string{search.Score, search.Memory, search.Flash, search.Params, search.Latency, space.Prefill.String(), space.Decode.String()}, shorts[i]) {
			return nil, bad(fmt.Errorf("a device cannot be called %s: that is the name of something else", shorts[i]), "rename the file %s", path)
		}
		if before := slices.Index(shorts[:i], shorts[i]); before >= 0 {
			return nil, bad(fmt.Errorf("the devices %s and %s are both called %s", devices[before], path, shorts[i]), "rename one of the files: a device is called as its file")
		}
	}
	phases := []space.Workload{t.workload}
	for _, w := range t.workload.Phases() {
		asked := func(name string) bool {
			return name == w.Phase.String() || strings.HasSuffix(name, "/"+w.Phase.String())
		}
		if w.Phase != t.workload.Phase && slices.ContainsFunc(names, asked) {
			phases = append(phases, w)
		}
	}
	for _, w := range phases {
		for i, path := range devices {
			name := search.Latency
			switch many := len(devices) > 1; {
			case many && len(phases) > 1:
				name = shorts[i] + "/" + w.Phase.String()
			case many:
				name = shorts[i]
			case len(phases) > 1:
				name = w.Phase.String()
			}
			list = append(list, timing{name: name, path: path, short: shorts[i], workload: w})
		}
	}
	if len(list) > search.MaxTimings {
		return nil, bad(fmt.Errorf("%d latencies at once: at most %d", len(list), search.MaxTimings), "give fewer --device")
	}
	return list, nil
}

// shortName is what a device is called: as its file, without folder and ending.
func shortName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return strings.Map(func(r rune) rune {
		if r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)) {
			return r
		}
		return '_'
	}, name)
}

// called are the indices of the timings that a name of --latency or --objectives
// means: one by its own name, all of the default phase by "latency", all of a phase
// or a device.
func called(list []timing, name string) (at []int) {
	first := list[0].workload.Phase
	for i, t := range list {
		switch name {
		case t.name:
			return []int{i}
		case t.workload.Phase.String():
			at = append(at, i)
		case search.Latency, t.short:
			if t.workload.Phase == first {
				at = append(at, i)
			}
		}
	}
	return at
}

// callable are the names that called knows.
func callable(list []timing) (names []string) {
	for _, t := range list {
		for _, name := range []string{t.name, search.Latency, t.workload.Phase.String(), t.short} {
			if name != "" && name != "." && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// fill reads or measures the tables of timings.
func (a *app) fill(ctx context.Context, t *target, list []timing) error {
	for i := range list {
		one := *t
		one.device, one.workload = list[i].path, list[i].workload
		ops, err := one.ops(one.workload)
		if err != nil {
			return err
		}
		if list[i].source, err = a.latencies(ctx, &one, ops); err != nil {
			return err
		}
	}
	return nil
}

// objectives are the names of what a search weighs, those of latencies resolved. None
// given: score, the latencies of the default phase, and memory as far as there is room.
func objectives(list []timing, given []string) (names []string, err error) {
	asked := given
	if len(given) == 0 {
		asked = []string{search.Score, search.Latency, search.Memory}
	}
	for _, name := range asked {
		these := []string{name}
		if !slices.Contains([]string{search.Score, search.Memory, search.Flash, search.Params}, name) {
			these = nil
			for _, i := range called(list, name) {
				these = append(these, list[i].name)
			}
			if these == nil {
				return nil, bad(fmt.Errorf("no objective is called %.40q", name), "choose two to four of %s, %s, %s, %s, %s", search.Score, strings.Join(callable(list), ", "), search.Memory, search.Flash, search.Params)
			}
		}
		for _, name := range these {
			if slices.Contains(names, name) {
				return nil, bad(fmt.Errorf("objective %s is there twice", name), "--objectives %s,%s", search.Score, list[0].name)
			}
			names = append(names, name)
		}
	}
	if n := len(names); len(given) == 0 && n > maxObjectives && names[n-1] == search.Memory {
		names = names[:n-1]
	}
	if n := len(names); n < 2 || n > maxObjectives {
		return nil, bad(fmt.Errorf("%s (%s): a front weighs two to %d against each other", results.Counted(n, "objective"), strings.Join(names, ", "), maxObjectives),
			"--objectives %s,%s; what is no objective can still have a limit", search.Score, list[0].name)
	}
	return names, nil
}

const maxObjectives = 4

// costs are what a search adds up for a timing.
func (t timing) costs() search.Timing {
	return search.Timing{Name: t.name, Workload: t.workload, Regimes: regimes(t.predictor)}
}

// regimes are those of a table.
func regimes(p *latency.Predictor) (list []search.Regime) {
	for _, r := range p.Regimes() {
		list = append(list, search.Regime{Below: int64(r.Below), Overhead: r.Overhead, Op: r.Op})
	}
	return list
}

// latencyLimits is a flag such as 20ms, or phone=20ms,decode=2ms.
type latencyLimits []latencyLimit

type latencyLimit struct {
	name string // empty: search.Latency
	span span
}

func (l *latencyLimits) Type() string { return "limits" }
func (l *latencyLimits) Set(s string) error {
	for _, part := range strings.Split(s, ",") {
		name, value, named := strings.Cut(part, "=")
		if !named {
			name, value = "", part
		} else if name == "" {
			return errors.New("a name is missing before =; limits look like 20ms or phone=20ms,board=35ms")
		}
		limit := latencyLimit{name: name}
		if err := limit.span.Set(value); err != nil {
			return err
		}
		if slices.ContainsFunc(*l, func(o latencyLimit) bool { return o.name == name }) {
			return fmt.Errorf("two limits for %q", cmp.Or(name, search.Latency))
		}
		*l = append(*l, limit)
	}
	return nil
}

func (l *latencyLimits) String() string {
	var parts []string
	for _, limit := range *l {
		text := limit.span.String()
		if limit.name != "" {
			text = limit.name + "=" + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ",")
}

func (l latencyLimits) names() (names []string) {
	for _, limit := range l {
		names = append(names, limit.name)
	}
	return names
}

// of are the limits in ns of timings.
func (l latencyLimits) of(list []timing) ([]float64, error) {
	limits := make([]float64, len(list))
	for _, limit := range l {
		name := limit.name
		if name == "" {
			name = search.Latency
		}
		at := called(list, name)
		if len(at) == 0 {
			return nil, bad(fmt.Errorf("--latency %s=…: no latency is called %.40q", name, name), "there is %s: --latency %s=%v", strings.Join(callable(list), ", "), list[0].name, time.Duration(limit.span))
		}
		for _, i := range at {
			ns := float64(limit.span)
			if limits[i] == 0 || ns < limits[i] {
				limits[i] = ns
			}
		}
	}
	return limits, nil
}
