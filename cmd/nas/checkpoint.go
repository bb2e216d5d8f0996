package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"nas/devices"
	"nas/latency"
	"nas/space"
)

// part is where the checkpoint is.
func (p *profiling) part() string { return p.path + ".part" }

// checkpoint is the one beside the file if it is of this very profile, else a new one:
// of the same conditions, and of spaces with the same ops.
func (a *app) checkpoint(p *profiling, device devices.Profile, conditions []condition) (*latency.Checkpoint, error) {
	hash := sha256.New()
	for _, c := range conditions {
		ops, err := c.ops(c.workload)
		if err != nil {
			return nil, err
		}
		space.SortOps(ops)
		fmt.Fprintln(hash, latency.Here(device, c.level, c.threads, c.workload).Key(), ops)
	}
	empty := &latency.Checkpoint{Settings: hex.EncodeToString(hash.Sum(nil))}
	if p.path == "-" {
		return empty, nil
	}
	found, err := latency.ReadCheckpoint(p.part())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return empty, nil
	case err != nil:
		a.warn(fmt.Sprintf("the checkpoint is not used: %s", plain(err)))
		return empty, nil
	case found.Settings != empty.Settings || len(found.Tables) > len(conditions):
		a.warn(fmt.Sprintf("%s is of other conditions or another space; it is replaced", p.part()))
		return empty, nil
	}
	rounds := 0
	if found.State != nil {
		rounds = found.State.Rounds
	}
	a.phase("going on from %s: %d of %d tables whole, %d rounds of the next", p.part(), len(found.Tables), len(conditions), rounds)
	return found, nil
}

func (p *profiling) save(c *latency.Checkpoint) error {
	if p.path == "-" {
		return nil
	}
	if err := c.Write(p.part()); err != nil {
		return failed(err, "is there room on the disk?")
	}
	return nil
}

// stopped says what is kept of a profile that its user stopped.
func (p *profiling) stopped(c *latency.Checkpoint) error {
	if p.path == "-" || c.State == nil && len(c.Tables) == 0 {
		return abandoned("before a table was whole")
	}
	return stopped("what was measured is in "+p.part(), "the same command goes on from there")
}
