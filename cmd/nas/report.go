package main

import (
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"nas/internal/strictjson"
	"nas/latency"
	"nas/results"
	"nas/results/study"
)

func (a *app) reportCommand() *cobra.Command {
	o := &output{}
	var devices []string
	measured := ""
	c := &cobra.Command{Use: "report STUDY|FILE -o report.html", Short: "Write a front as one HTML page that works offline", Args: exactly(1, "a study, or a report of nas search (JSON or CSV)"),
		Long: `Write a front as one HTML page: the front, every member's layers and where its
time goes, the search, the conditions. The page needs no network and no other file.

  nas report phone.db -o report.html                          a study holds its profiles
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
			r, err := a.readReport(args[0])
			if err != nil {
				return err
			}
			page := &results.Page{Report: r}
			if measured != "" {
				if page.Measured, err = readComparisons(measured); err != nil {
					return err
				}
			}
			files, err := profilesOf(args[0], devices)
			if err != nil {
				return err
			}
			if page.Splits, err = a.split(r, files); err != nil {
				return err
			}
			return a.put(o, func(w io.Writer) error { return results.WritePage(w, page) })
		}}
	f := c.Flags()
	f.StringVarP(&o.path, "output", "o", "", "write to `file`, - for standard output")
	f.StringArrayVarP(&devices, "device", "d", nil, "device profile `file` that the front was made with, for the times by op; several for several devices (default: this machine's kept table)")
	f.StringVar(&measured, "measured", "", "`file` that nas measure --format json wrote")
	return c
}

// profilesOf are the profiles that the user names, or else those that a study holds.
func profilesOf(front string, devices []string) (files []*latency.File, err error) {
	for _, path := range devices {
		f, err := readProfile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(devices) > 0 || !study.Is(front) {
		return files, nil
	}
	err = withStudy(front, func(s *study.Study) error {
		profiles, err := s.Profiles()
		if err != nil {
			return studyFault(front, err)
		}
		for _, p := range profiles {
			f, err := latency.Decode(p.Data)
			if err != nil {
				return studyFault(front, err)
			}
			files = append(files, f)
		}
		return nil
	})
	return files, err
}

// mostOff is by how much a table's sums may miss a front's latencies, relatively, and
// still be its table: fronts add whole picoseconds, of which some dozen steps of a
// run of microseconds make 1e-5. Another table misses some model by far more.
const mostOff = 1e-4

// split takes the latencies of a report apart, one after the other, or says why it
// cannot.
func (a *app) split(r *results.Report, files []*latency.File) (splits []results.Split, err error) {
	if r.Conditions.Tool == "" {
		return []results.Split{{Why: "No times by op: the file holds no conditions, which say what was run where. A front as JSON holds them."}}, nil
	}
	all := r.Models()
	for n, s := range r.Conditions.Sources() {
		for i := range all {
			if err := s.Workload.Validate(all[i].Arch.Model); err != nil {
				return nil, bad(fmt.Errorf("model %d: %w", i+1, err), "nas search --format json -o front.json writes a good report")
			}
		}
		split := results.Split{Why: fmt.Sprintf("No times by op: they need the profile that this front was made with (%s, kernel level %s, %d threads, %s): nas report front.json --device FILE -o report.html",
			s.Device, s.Level, s.Threads, s.TableDate)}
		nearest := math.Inf(1)
		for _, table := range tablesOf(files, s) {
			p, err := latency.NewPredictor(table)
			if err != nil {
				continue
			}
			b := results.NewBreakdown(all, s.Workload, table.Overhead, p.Steps)
			if off := b.Differs(all, n); off < nearest {
				if nearest = off; off <= mostOff {
					split = results.Split{Breakdown: b}
				}
			}
		}
		if split.Breakdown == nil && len(files) > 0 {
			a.warn(fmt.Sprintf("no times by op for %s: no given profile gives the front's latencies; it was made with the table of %s on %s", s.Name, s.TableDate, s.Device))
		}
		splits = append(splits, split)
	}
	return splits, nil
}

// tablesOf are the tables that s may be: of profile files, else this machine's kept
// one if it has the same date.
func tablesOf(files []*latency.File, s results.Source) (list []*latency.Table) {
	for _, f := range files {
		if t := f.Table(s.Level, s.Threads, s.Workload); t != nil {
			list = append(list, t)
		}
	}
	if len(files) > 0 {
		return list
	}
	t := &target{isa: s.Level, threads: s.Threads}
	here, level, err := t.machine()
	if err != nil {
		return nil // a level of other machines
	}
	f, err := latency.Read(cachePath(latency.Here(here, level, s.Threads, s.Workload)))
	if err != nil {
		return nil
	}
	if table := f.Table(s.Level, s.Threads, s.Workload); table != nil && table.Date == s.TableDate {
		list = append(list, table)
	}
	return list
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
