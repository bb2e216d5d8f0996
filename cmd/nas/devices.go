package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nas/devices"
	"nas/kernels"
	"nas/latency"
	"nas/results"
	"nas/space"
)

func (a *app) devicesCommand() *cobra.Command {
	c := &cobra.Command{Use: "devices [FILE|BOARD…]", Short: "Describe this machine, or devices from profile files and the catalogue",
		Long: `Describe this machine, or devices from profile files and from the catalogue of
boards that are known from their datasheets: latencies of those are modelled.

  nas devices                          this machine: CPU, caches, cores, limits, kernel levels
  nas devices show board.json          a profiled device and its tables
  nas devices list                     the catalogue
  nas devices compare raspberry-pi-4 board.json
  nas devices levels                   the kernel levels that this machine runs, slowest first

Build the table of your own device: run nas profile there. Where another tool has
measured it, nas devices import; where ten ops are measured, nas devices calibrate.`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				describe(a.out, devices.Detect("nas "+Version))
				fmt.Fprintf(a.out, "kernel levels  %s\n", strings.Join(levels(), ", "))
				return nil
			}
			return a.show(args)
		}}
	c.AddCommand(&cobra.Command{Use: "levels", Short: "List the kernel levels that this machine runs, slowest first", Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(a.out, strings.Join(levels(), "\n"))
			return nil
		}})
	c.AddCommand(&cobra.Command{Use: "list", Short: "List the boards of the catalogue", Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "board\tname\tcore\tcores\tclock\tkernel level\tlatency")
			for _, b := range devices.Boards() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%.2f GHz\t%s\t%s\n", b.ID, b.Name, b.CPU, b.Cores, b.ClockHz/1e9, b.Level, devices.Modelled)
			}
			return w.Flush()
		}})
	c.AddCommand(&cobra.Command{Use: "show FILE|BOARD…", Short: "Describe devices and their tables",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return bad(errMissing("a profile file or a board"), "nas devices show raspberry-pi-5; nas devices list shows the boards")
			}
			return a.show(args)
		}})
	c.AddCommand(a.compareDevicesCommand(), a.opsCommand(), a.importCommand(), a.calibrateCommand())
	return c
}

func (a *app) show(args []string) error {
	for _, name := range args {
		if b, ok := devices.FindBoard(name); ok {
			fmt.Fprintf(a.out, "%s:\n", name)
			describe(a.out, b.Profile())
			fmt.Fprintf(a.out, "%-14s %s, at most %.4g int8 multiply-adds a cycle, memory %.4g GB/s: latencies are modelled, checked on no such board\n", "kernels", b.Level, b.MACsPerCycle, b.BandwidthBytes/1e9)
			for _, source := range b.Sources {
				fmt.Fprintf(a.out, "%-14s %s\n", "source", source)
			}
			continue
		}
		f, err := readProfile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s:\n", name)
		describe(a.out, f.Device)
		for _, t := range f.Tables {
			describeTable(a.out, t)
		}
	}
	return nil
}

func levels() []string {
	var names []string
	for _, l := range kernels.Supported() {
		names = append(names, l.String())
	}
	return names
}

// describe prints what is known of a device.
func describe(w io.Writer, p devices.Profile) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s "+format+"\n", append([]any{name}, args...)...)
	}
	system := p.Arch
	if p.OS != "" {
		system = p.OS + "/" + p.Arch
	}
	line("device", "%s (%s, %s)", p.Name, p.Provenance.Kind, system)
	line("processor", "%s", strings.TrimPrefix(p.ID(), p.Arch+" "))
	if p.CPU.NominalHz > 0 {
		line("clock", "%.2f GHz nominal", float64(p.CPU.NominalHz)/1e9)
	} else {
		line("clock", "unknown")
	}
	cores := "unknown"
	if p.Cores.Logical > 0 {
		cores = fmt.Sprintf("%d usable of %d", p.Cores.Usable, p.Cores.Logical)
	}
	if p.Cores.Quota > 0 {
		cores += fmt.Sprintf(", limited to %.4g CPUs", p.Cores.Quota)
	}
	if p.Virtual != "" {
		cores += ", virtual: others may share them"
	}
	line("cores", "%s", cores)
	var caches []string
	for _, c := range p.Caches {
		caches = append(caches, fmt.Sprintf("L%d %s %s", c.Level, c.Type, results.Bytes(c.Bytes)))
	}
	line("caches", "%s", orUnknown(strings.Join(caches, ", ")))
	memory := "unknown"
	if p.Memory.Bytes > 0 {
		memory = results.Bytes(p.Memory.Bytes)
	}
	if p.Memory.Limit > 0 {
		memory += ", limited to " + results.Bytes(p.Memory.Limit)
	}
	line("memory", "%s", memory)
	kernelFeatures := slices.DeleteFunc(slices.Clone(p.CPU.Features), func(f string) bool {
		return !strings.HasPrefix(f, "AVX") && !strings.HasPrefix(f, "AMX") && !strings.HasPrefix(f, "ASIMD") && !strings.HasPrefix(f, "SVE") && f != "I8MM"
	})
	line("vector units", "%s", orUnknown(strings.Join(kernelFeatures, " ")))
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func describeTable(w io.Writer, t *latency.Table) {
	workload := "any workload"
	if (t.Workload != space.Workload{}) {
		workload = t.Workload.String()
	}
	version := ""
	if t.KernelVersion > 0 {
		version = fmt.Sprintf(", kernels version %d", t.KernelVersion)
	}
	fmt.Fprintf(w, "%-14s %s, kernel level %s, threads %d%s, %d ops, %s\n", "table", workload, t.Level, t.Threads, version, len(t.Entries()), t.Date)
	if v := t.Validation; v != nil {
		fmt.Fprintf(w, "%-14s %d held-out models: error %.2g %% in the mean, %+.2g %% at worst, %.3g %% inside the 90 %% interval\n", "", v.Models, v.MAPE, v.Worst, v.Coverage90)
	}
	for _, text := range t.Advice() {
		fmt.Fprintf(w, "%-14s %s\n", "", text)
	}
}

// readProfile is latency.Read with a hint.
func readProfile(path string) (*latency.File, error) {
	f, err := latency.Read(path)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(path, "./\\") {
		return nil, bad(fmt.Errorf("%s is neither a profile file nor a board of the catalogue", path), "nas devices list shows the catalogue; nas profile -o board.json writes a profile")
	}
	if err != nil {
		return nil, bad(err, "nas profile -o %s, run on the device, writes a good profile", path)
	}
	return f, nil
}
