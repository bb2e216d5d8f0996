package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nas/results"
)

func (a *app) compareCommand() *cobra.Command {
	o := &output{formats: compared}
	anyway := false
	c := &cobra.Command{Use: "compare A B", Short: "Hold two fronts against each other", Args: exactly(2, "two studies, or reports of nas search (JSON or CSV)"),
		Long: `Hold two fronts against each other: their hypervolumes against one reference
point, the share of each that the other covers, and which members are beaten by
which. Fronts of other devices, workloads or scores are refused.

  nas compare quick.json long.json
  nas compare phone.db front.csv
  nas compare mine.json theirs.json --format md
  nas predict theirs.json --device mine.json --format json -o both.json   # another device's front, re-scored`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			var reports [2]*results.Report
			for i, path := range args {
				var err error
				if reports[i], err = a.readReport(path); err != nil {
					return err
				}
			}
			incomparable, notable := results.Differences(reports[0], reports[1])
			if len(incomparable) > 0 && !anyway {
				return bad(fmt.Errorf("the fronts hold for different things: %s", strings.Join(incomparable, "; ")),
					"nas predict A --device OF-B.json --format json re-scores a front for another device; --anyway compares as it is")
			}
			d, err := results.NewDuel(args[0], reports[0], args[1], reports[1])
			if err != nil {
				return bad(err, "nas search --format json -o front.json writes a front")
			}
			for _, text := range slices.Concat(incomparable, notable) {
				d.Warnings = append(d.Warnings, "different "+text)
			}
			return a.put(o, func(w io.Writer) error { return results.WriteDuel(w, o.format, d) })
		}}
	o.flags(c)
	c.Flags().BoolVar(&anyway, "anyway", false, "compare fronts of different conditions all the same")
	return c
}
