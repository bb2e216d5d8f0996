package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nas/internal/strictjson"
	"nas/latency"
	"nas/results"
	"nas/space"
)

func (a *app) reportCommand() *cobra.Command {
	o := &output{}
	device, measured := "", ""
	c := &cobra.Command{Use: "report FILE -o report.html", Short: "Write a front as one HTML page that works offline", Args: exactly(1, "a report of nas search (JSON or CSV)"),
		Long: `Write a front as one HTML page: the front, every member's layers and where its
time goes, the search, the conditions. The page needs no network and no other file.

  nas report front.json -o report.html
  nas report front.json --device board.json -o report.html    with times by op
  nas report front.json --measured measured.json -o report.html`,
		RunE: func(_ *cobra.Command, args []string) error {
			if o.path == "" {
				return bad(errMissing("-o FILE"), "nas report %s -o report.html", args[0])
			}
			if err := writable(o.path); err != nil {
				return err
			}
			r, err := readReport(args[0])
			if err != nil {
				return err
			}
			page := &results.Page{Report: r}
			if measured != "" {
				if page.Measured, err = readComparisons(measured); err != nil {
					return err
				}
			}
			if err := a.split(page, device); err != nil {
				return err
			}
			return a.put(o, func(w io.Writer) error { return results.WritePage(w, page) })
		}}
	f := c.Flags()
	f.StringVarP(&o.path, "output", "o", "", "write to `file`")
	f.StringVarP(&device, "device", "d", "", "device profile `file` that the front was made with, for the times by op (default: this machine's kept table)")
	f.StringVar(&measured, "measured", "", "`file` that nas measure --format json wrote")
	return c
}

// mostOff is by how much a table's sums may miss a front's latencies, relatively,
// and still be its table.
const mostOff = 1e-6

// split takes the latencies of a page's front apart, or says why it cannot.
func (a *app) split(page *results.Page, device string) error {
	r := page.Report
	c := r.Conditions
	if c.Tool == "" {
		page.NoBreakdown = "No times by op: the file holds no conditions, which say what was run where. A front as JSON holds them."
		return nil
	}
	table, err := tableOf(device, c)
	if err != nil {
		return err
	}
	if table == nil {
		page.NoBreakdown = fmt.Sprintf("No times by op: they need the profile that this front was made with (%s, kernel level %s, %d threads, %s). nas report front.json --device FILE takes it.",
			c.Device, c.Level, c.Threads, c.TableDate)
		return nil
	}
	p, err := latency.NewPredictor(table)
	if err != nil {
		return bad(err, "leave --device out")
	}
	all := append(r.Front[:len(r.Front):len(r.Front)], r.References...)
	for i := range all {
		if err := c.Workload.Validate(all[i].Arch.Model); err != nil {
			return bad(fmt.Errorf("model %d: %w", i+1, err), "nas search --format json -o front.json writes a good report")
		}
	}
	b := results.NewBreakdown(all, c.Workload, table.Overhead, func(o space.Op) float64 { return p.Op(o).Nanoseconds })
	if off := b.Differs(all); off > mostOff {
		page.NoBreakdown = fmt.Sprintf("No times by op: the sums of this profile differ from the front's latencies by up to %.1f %%, so it is not what the front was made with.", 100*off)
		a.warn("the page has no times by op: " + device + " is not the profile that the front was made with")
		return nil
	}
	page.Breakdown = b
	return nil
}

// tableOf is the table that a report was made from: of a profile file, else this
// machine's kept one if it has the same date; nil if there is none.
func tableOf(device string, c results.Conditions) (*latency.Table, error) {
	if device != "" {
		f, err := readProfile(device)
		if err != nil {
			return nil, err
		}
		return f.Table(c.Level, c.Threads), nil
	}
	t := &target{isa: c.Level, threads: c.Threads}
	here, level, err := t.machine()
	if err != nil {
		return nil, nil // another machine's level
	}
	f, err := latency.Read(cachePath(latency.Here(here, level, c.Threads)))
	if err != nil {
		return nil, nil
	}
	table := f.Table(c.Level, c.Threads)
	if table == nil || table.Date != c.TableDate {
		return nil, nil
	}
	return table, nil
}

// readComparisons reads what nas measure wrote.
func readComparisons(path string) (*results.Comparisons, error) {
	const hint = "nas measure front.json --format json -o measured.json writes it"
	data, err := strictjson.Read(path, results.MaxFile)
	if err != nil {
		return nil, bad(err, hint)
	}
	c, err := results.ReadComparisons(data)
	if err != nil {
		return nil, bad(fmt.Errorf("%s:%w", path, err), hint)
	}
	return c, nil
}
