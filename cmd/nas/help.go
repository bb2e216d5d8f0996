package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type heading struct {
	title string
	flags []string
}

// headings sort the flags of a command that has many; a test
// finds one that stands under none.
var headings = []heading{
	{"The space and the workload", []string{"space", "sequence", "batch", "prompt", "context", "phase"}},
	{"Limits", []string{"memory", "flash", "params", "latency"}},
	{"The device", []string{"device", "isa", "threads", "verify", "anyway"}},
	{"The run", []string{"algorithm", "objectives", "evaluations", "time", "still", "seed", "workers", "study", "models", "max-mape", "min-within5"}},
	{"Proxy accuracy", []string{"evaluator", "scores", "table", "truth", "known", "splits", "command", "budget", "parallel", "retries", "timeout"}},
	{"Training", []string{"corpus", "task", "vocab", "steps", "train-batch", "train-sequence", "held-out", "rate", "supernet", "distil", "float32", "halvings", "save", "weights"}},
	{"The output", []string{"format", "output", "front", "all", "rescored", "help"}},
}

// manyFlags is how many a list without headings may hold.
const manyFlags = 14

// usage prints the flags of c under their headings if there are many.
func usage(standard func(*cobra.Command) error) func(*cobra.Command) error {
	return func(c *cobra.Command) error {
		sets := make([]pflag.FlagSet, len(headings))
		n := 0
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			n++
			i := slices.IndexFunc(headings, func(h heading) bool { return slices.Contains(h.flags, f.Name) })
			sets[max(i, 0)].AddFlag(f)
		})
		if n <= manyFlags {
			return standard(c)
		}
		w := c.OutOrStderr()
		fmt.Fprintf(w, "Usage:\n  %s\n", c.UseLine())
		for i, h := range headings {
			if sets[i].HasFlags() {
				fmt.Fprintf(w, "\n%s:\n%s", h.title, sets[i].FlagUsages())
			}
		}
		return nil
	}
}
