package main

import (
	"time"

	"github.com/spf13/cobra"

	"nas/internal/atomicfile"
	"nas/latency"
	"nas/space"
)

func (a *app) profileCommand() *cobra.Command {
	t := &target{}
	path := ""
	budget := span(40 * time.Second)
	c := &cobra.Command{Use: "profile -o FILE", Short: "Measure this machine's int8 kernels into a profile file", Args: exactly(0, ""),
		Long: `Measure this machine's int8 kernels and write a profile file: the device's
description, the conditions, and for each op of the search space its floor (the
undisturbed time) and its median with a 95 % interval.

  nas profile -o board.json
  nas profile --space decoder-compact --threads 4 -o board4.json

For another device build nas for it, run this there and bring the file back:

  GOOS=linux GOARCH=arm64 go build ./cmd/nas`,
		RunE: func(c *cobra.Command, _ []string) error {
			if path == "" {
				return bad(errMissing("-o FILE"), "nas profile -o board.json")
			}
			if err := t.resolve(); err != nil {
				return err
			}
			if err := writable(path); err != nil {
				return err
			}
			device, level, err := t.machine()
			if err != nil {
				return err
			}
			var ops []space.Op
			seen := map[space.Op]bool{}
			for _, w := range t.workload.Phases() {
				phase, err := t.ops(w)
				if err != nil {
					return err
				}
				for _, o := range phase {
					if !seen[o] {
						seen[o] = true
						ops = append(ops, o)
					}
				}
			}
			table, err := a.measure(c.Context(), t, device, level, ops, time.Duration(budget))
			if err != nil {
				return err
			}
			f := latency.File{Device: device, Tables: []*latency.Table{table}}
			if err := f.Write(path); err != nil {
				return failed(err, "is there room on the disk?")
			}
			a.phase("wrote %s; nas search --device %s uses it", path, path)
			return nil
		}}
	t.workloadFlags(c)
	t.machineFlags(c)
	c.Flags().StringVarP(&path, "output", "o", "", "profile `file` to write")
	c.Flags().Var(&budget, "time", "begin no round of measuring after this time")
	return c
}

// writable tells before the work whether a result can be written.
func writable(path string) error {
	if err := atomicfile.CheckWritable(path); err != nil {
		return bad(err, "choose a path in a folder that exists and may be written")
	}
	return nil
}
