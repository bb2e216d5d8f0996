package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nas/devices"
	"nas/internal/statistics"
	"nas/internal/strictjson"
	"nas/latency"
	"nas/results"
	"nas/space"
)

// opsCommand prints what a table for a space holds, for another tool to measure.
func (a *app) opsCommand() *cobra.Command {
	t := &target{}
	c := &cobra.Command{Use: "ops", Short: "Print the ops that a table for a space holds, one a line", Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			if t.threads = 1; t.resolve() != nil {
				return t.resolve()
			}
			ops, err := t.ops(t.workload)
			if err != nil {
				return err
			}
			space.SortOps(ops)
			for _, o := range ops {
				fmt.Fprintln(a.out, o)
			}
			return nil
		}}
	t.workloadFlags(c)
	return c
}

// readOps reads a CSV file of op times.
func readOps(path string) (map[space.Op]float64, error) {
	const hint = "the first line is op,ns; nas devices ops prints ops; ns is the time of one run in nanoseconds"
	data, err := strictjson.Read(path, results.MaxFile)
	if err != nil {
		return nil, bad(err, hint)
	}
	times, err := latency.ReadOps(bytes.NewReader(data))
	if err != nil {
		return nil, bad(fmt.Errorf("%s:%w", path, err), hint)
	}
	return times, nil
}

func (a *app) importCommand() *cobra.Command {
	var name, level, path, arch string
	threads := 1
	c := &cobra.Command{Use: "import CSV", Short: "Make a profile of op latencies that another tool measured", Args: exactly(1, "a CSV file"),
		Long: `Make a profile file of op latencies that another tool measured. The CSV file has a
line of column names, then a line for each op:

  op   the op as nas devices ops prints it: "linear rows=128 n=768 k=768 act=gelu bias"
  ns   what one run of it takes undisturbed, in nanoseconds

  nas devices ops --space encoder-compact > ops.txt     what to measure
  nas devices import times.csv --name "My board" --level neon -o board.json`,
		RunE: func(_ *cobra.Command, args []string) error {
			for _, flag := range [][2]string{{"--name", name}, {"--level", level}, {"-o FILE", strings.TrimPrefix(path, "-")}} {
				if flag[1] == "" {
					return bad(errMissing(flag[0]), `nas devices import %s --name "My board" --level neon -o board.json`, args[0])
				}
			}
			if threads < 1 || threads > 256 {
				return bad(fmt.Errorf("--threads %d is outside 1…256", threads), "--threads 1")
			}
			if err := writable(path); err != nil {
				return err
			}
			times, err := readOps(args[0])
			if err != nil {
				return err
			}
			date := time.Now().UTC().Format(time.RFC3339)
			p := devices.Profile{Name: name, CPU: devices.CPU{Model: name, Features: []string{}}, Caches: []devices.Cache{}, Arch: arch,
				Provenance: devices.Provenance{Kind: devices.Measured, Date: date, Tool: "nas " + Version + ", imported", Source: args[0]}}
			if err := p.Validate(); err != nil {
				return bad(err, "--name and --arch are words")
			}
			if !devices.Printable(level) {
				return bad(fmt.Errorf("--level %.40q cannot be printed", level), "--level neon, or other words for the kernels")
			}
			f := &latency.File{Device: p, Tables: []*latency.Table{latency.Imported(latency.Conditions{Device: p.ID(), Level: level, Threads: threads}, date, times)}}
			if err := f.Write(path); err != nil {
				return failed(err, "is there room on the disk?")
			}
			a.phase("wrote %s with %d ops; nas search --device %s uses it", path, len(times), path)
			return nil
		}}
	f := c.Flags()
	f.StringVar(&name, "name", "", "`name` of the device")
	f.StringVar(&level, "level", "", "kernel level that was measured, or other `words` for the kernels")
	f.StringVar(&arch, "arch", "unknown", "`architecture` of the CPU, as Go names it")
	f.IntVar(&threads, "threads", threads, "threads that were measured with")
	f.StringVarP(&path, "output", "o", "", "profile `file` to write")
	return c
}

func (a *app) calibrateCommand() *cobra.Command {
	t := &target{}
	path := ""
	c := &cobra.Command{Use: "calibrate BOARD CSV", Short: "Move a modelled board onto ten or more measured ops", Args: exactly(2, "a board of the catalogue and a CSV file"),
		Long: `Move the modelled table of a board onto measured times of ten or more of its ops,
and state the error that remains: each measured op predicted from the others. The CSV
file is that of nas devices import.

  nas devices calibrate raspberry-pi-5 ten.csv -o pi5.json`,
		RunE: func(_ *cobra.Command, args []string) error {
			b, ok := devices.FindBoard(args[0])
			if !ok {
				return bad(fmt.Errorf("%.40q is no board of the catalogue", args[0]), "nas devices list shows them")
			}
			if toStdout(path) {
				return bad(errMissing("-o FILE"), "nas devices calibrate %s ten.csv -o board.json", b.ID)
			}
			if err := t.resolve(); err != nil {
				return err
			}
			if err := writable(path); err != nil {
				return err
			}
			times, err := readOps(args[1])
			if err != nil {
				return err
			}
			ops, err := t.ops(t.workload)
			if err != nil {
				return err
			}
			seen, foreign := map[space.Op]bool{}, 0
			for _, o := range ops {
				seen[o] = true
			}
			for o := range times {
				if !seen[o] {
					ops = append(ops, o)
					foreign++
				}
			}
			if foreign > 0 {
				a.warn(fmt.Sprintf("%d of the %d measured ops are none of %s under %v", foreign, len(times), t.space.Name, t.workload))
			}
			space.SortOps(ops)
			table, found, err := latency.Calibrate(latency.Modelled(b, t.workload, t.threads, ops), times)
			if err != nil {
				return bad(err, "measure more ops of those that nas devices ops prints")
			}
			table.Date = time.Now().UTC().Format(time.RFC3339)
			p := b.Profile()
			p.Provenance.Kind, p.Provenance.Date = devices.Calibrated, table.Date
			if err := (&latency.File{Device: p, Tables: []*latency.Table{table}}).Write(path); err != nil {
				return failed(err, "is there room on the disk?")
			}
			fmt.Fprintf(a.out, "%d measured ops: the model was %.4g %% off in the median; each op predicted from the others is now %.4g %% off in the median, %.4g %% at worst\n",
				found.Ops, found.Before, found.Remaining, found.Worst)
			a.phase("wrote %s; nas search --device %s uses it", path, path)
			return nil
		}}
	t.workloadFlags(c)
	c.Flags().IntVar(&t.threads, "threads", 1, "threads that were measured with")
	c.Flags().StringVarP(&path, "output", "o", "", "profile `file` to write")
	return c
}

func (a *app) compareDevicesCommand() *cobra.Command {
	t := &target{}
	c := &cobra.Command{Use: "compare FILE|BOARD FILE|BOARD", Short: "Hold two devices against each other on the reference models", Args: exactly(2, "two devices"),
		Long: `Predict the reference models of the space's family on two devices, and say how alike
the devices rank them (Kendall's tau).

  nas devices compare raspberry-pi-4 raspberry-pi-5
  nas devices compare board.json apple-m1 --space decoder-compact --phase decode`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := t.resolve(); err != nil {
				return err
			}
			var models []model
			for _, r := range space.References(t.space.Model.Family) {
				if t.workload.Validate(r.Arch.Model) == nil {
					models = append(models, model{name: r.Name, arch: r.Arch})
				}
			}
			if len(models) < 2 {
				return bad(errors.New("fewer than two reference models have the positions for this workload"), "shorten the sequence, prompt or context")
			}
			var from [2]source
			for i, name := range args {
				t.device = name
				var err error
				if from[i], err = a.profiled(t, t.opsOf(models)); err != nil {
					return err
				}
			}
			return compareDevices(a.out, t.workload, models, from)
		}}
	t.workloadFlags(c)
	t.machineFlags(c)
	return c
}

func compareDevices(out io.Writer, w space.Workload, models []model, from [2]source) error {
	fmt.Fprintf(out, "%v\n\n", w)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "model")
	var times [2][]float64
	for _, s := range from {
		fmt.Fprintf(table, "\t%s (%s)", s.device.Name, s.kind())
	}
	fmt.Fprintln(table, "\tratio")
	for _, m := range models {
		program := space.Lower(m.arch, w)
		fmt.Fprint(table, m.name)
		for i, s := range from {
			times[i] = append(times[i], s.predictor.Program(program).Nanoseconds)
			fmt.Fprintf(table, "\t%s", results.Duration(times[i][len(times[i])-1]))
		}
		last := len(times[0]) - 1
		fmt.Fprintf(table, "\t%.3g\n", times[1][last]/times[0][last])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nKendall's tau of the two rankings: %.3f\n", statistics.KendallTau(times[0], times[1]))
	return err
}
