package main

import (
	"errors"
	"fmt"
	"os"

	"nas/devices"
	"nas/kernels"
	"nas/latency"
	"nas/space"
)

// condition is one table of a profile.
type condition struct {
	target
	level kernels.Level
}

// conditions are the tables to measure, each once.
func (p *profiling) conditions() (list []condition, err error) {
	source, err := space.Source(p.spaceName)
	if err != nil {
		return nil, spaceFault(p.spaceName, err)
	}
	targets := []target{{spaceName: p.spaceName, spaceSource: source, phase: p.phase}}
	targets = cross(targets, p.levels, func(t *target, v string) { t.isa = v })
	targets = cross(targets, p.thread, func(t *target, v int) { t.threads = v })
	targets = cross(targets, p.batches, func(t *target, v int) { t.batch = v })
	targets = cross(targets, p.sequences, func(t *target, v int) { t.sequence = v })
	targets = cross(targets, p.prompts, func(t *target, v int) { t.prompt = v })
	targets = cross(targets, p.contexts, func(t *target, v int) { t.context = v })
	seen := map[string]bool{}
	for _, t := range targets {
		if err := t.resolve(); err != nil {
			return nil, err
		}
		device, level, err := t.machine()
		if err != nil {
			return nil, err
		}
		phases := t.workload.Phases()
		if p.phase != "" {
			phases = []space.Workload{t.workload}
		}
		for _, w := range phases {
			t.workload = w
			if key := latency.Here(device, level, t.threads, w).Key(); !seen[key] {
				seen[key] = true
				list = append(list, condition{t, level})
			}
		}
		if len(list) > maxConditions {
			return nil, bad(fmt.Errorf("more than %d sets of conditions", maxConditions), "give fewer values, and --add more later")
		}
	}
	return list, nil
}

// cross is each target with each value of a list; without values, the targets.
func cross[T any](targets []target, values []T, set func(*target, T)) []target {
	if len(values) == 0 {
		return targets
	}
	var all []target
	for _, t := range targets {
		for _, v := range values {
			set(&t, v)
			all = append(all, t)
		}
	}
	return all
}

const maxConditions = 32

// others are the tables that the file has already and that are to be kept.
func (p *profiling) others(device devices.Profile, conditions []condition) ([]*latency.Table, error) {
	if !p.add {
		return nil, nil
	}
	old, err := latency.Read(p.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, bad(err, "--add adds to a good profile; without it the file is written anew")
	}
	if old.Device.ID() != device.ID() {
		return nil, bad(fmt.Errorf("%s is of another processor: %s; this machine has %s", p.path, old.Device.ID(), device.ID()), "a file holds one device: nas profile -o another.json")
	}
	var kept []*latency.Table
	for _, t := range old.Tables {
		again := false
		for _, c := range conditions {
			again = again || len(t.Conditions.Differences(latency.Here(device, c.level, c.threads, c.workload))) == 0
		}
		if !again {
			kept = append(kept, t)
		}
	}
	return kept, nil
}
