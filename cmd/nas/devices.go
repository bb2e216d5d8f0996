package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nas/devices"
	"nas/kernels"
	"nas/latency"
	"nas/results"
)

func (a *app) devicesCommand() *cobra.Command {
	c := &cobra.Command{Use: "devices [FILE…]", Short: "Describe this machine, or devices from their profile files",
		Long: `Describe this machine, or the devices of profile files.

  nas devices               this machine: CPU, caches, cores, limits, kernel levels
  nas devices board.json    a profiled device and its tables
  nas devices levels        the kernel levels that this machine runs, slowest first`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				describe(a.out, devices.Detect("nas "+Version))
				fmt.Fprintf(a.out, "kernel levels  %s\n", strings.Join(levels(), ", "))
				return nil
			}
			for _, path := range args {
				f, err := readProfile(path)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.out, "%s:\n", path)
				describe(a.out, f.Device)
				for _, t := range f.Tables {
					describeTable(a.out, t)
				}
			}
			return nil
		}}
	c.AddCommand(&cobra.Command{Use: "levels", Short: "List the kernel levels that this machine runs, slowest first", Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(a.out, strings.Join(levels(), "\n"))
			return nil
		}})
	return c
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
	line("device", "%s (%s, %s/%s)", p.Name, p.Provenance.Kind, p.OS, p.Arch)
	line("processor", "%s", strings.TrimPrefix(p.ID(), p.Arch+" "))
	if p.CPU.NominalHz > 0 {
		line("clock", "%.2f GHz nominal", float64(p.CPU.NominalHz)/1e9)
	} else {
		line("clock", "unknown")
	}
	cores := fmt.Sprintf("%d usable of %d", p.Cores.Usable, p.Cores.Logical)
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
	fmt.Fprintf(w, "%-14s %d ops, kernel level %s, %d threads, kernels version %d, %s, floor not confirmed for %d, reference op %.4g µs\n", "table",
		len(t.Entries()), t.Level, t.Threads, t.KernelVersion, t.Date, t.WithoutQuorum(), t.Reference.Floor/1e3)
}

// readProfile is latency.Read with a hint.
func readProfile(path string) (*latency.File, error) {
	f, err := latency.Read(path)
	if err != nil {
		return nil, bad(err, "nas profile -o %s, run on the device, writes a good profile", path)
	}
	return f, nil
}
