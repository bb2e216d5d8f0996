package devices

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// system adds what Linux tells: caches and clock from sysfs, limits from the
// cgroup, the board's name from the device tree.
func (p *Profile) system() {
	if usable := usable(); len(usable) > 0 {
		p.Cores.Usable = len(usable)
		if caches := sysCaches(usable[0]); len(caches) > 0 {
			p.Caches = caches
		}
		if khz := number("/sys/devices/system/cpu/cpu" + strconv.Itoa(usable[0]) + "/cpufreq/cpuinfo_max_freq"); p.CPU.NominalHz == 0 {
			p.CPU.NominalHz = khz * 1000
		}
	}
	if online := words("/sys/devices/system/cpu/online"); len(online) > 0 {
		if list := parseList(online[0]); len(list) > 0 {
			p.Cores.Logical = len(list)
		}
	}
	if p.CPU.Model == "" {
		p.CPU.Vendor, p.CPU.Model = armModel(text("/proc/cpuinfo"))
	}
	p.Name = strings.TrimRight(text("/proc/device-tree/model"), "\x00\n ")
	for _, line := range strings.Split(text("/proc/meminfo"), "\n") {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "MemTotal:" {
			kb, _ := strconv.ParseInt(f[1], 10, 64)
			p.Memory.Bytes = kb << 10
		}
	}
	p.cgroup()
}

// cgroup reads the limits of the process's own control group, version 2, else 1.
func (p *Profile) cgroup() {
	folder := cgroupFolder()
	if f := words(folder + "/cpu.max"); len(f) == 2 && f[0] != "max" {
		p.Cores.Quota = ratio(f[0], f[1])
	} else if quota := words(folder + "/cpu/cpu.cfs_quota_us"); len(quota) == 1 && quota[0] != "-1" {
		if period := words(folder + "/cpu/cpu.cfs_period_us"); len(period) == 1 {
			p.Cores.Quota = ratio(quota[0], period[0])
		}
	}
	for _, file := range []string{"/memory.max", "/memory/memory.limit_in_bytes"} {
		if limit := number(folder + file); limit > 0 && (p.Memory.Bytes == 0 || limit < p.Memory.Bytes) {
			p.Memory.Limit = limit
		}
	}
}

func ratio(a, b string) float64 {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil || !(x > 0) || !(y > 0) {
		return 0
	}
	return x / y
}

func sysCaches(cpu int) []Cache {
	var caches []Cache
	folders, _ := filepath.Glob("/sys/devices/system/cpu/cpu" + strconv.Itoa(cpu) + "/cache/index*")
	for _, folder := range folders {
		size := strings.TrimSpace(text(folder + "/size"))
		unit := int64(1)
		if s, ok := strings.CutSuffix(size, "K"); ok {
			size, unit = s, 1<<10
		} else if s, ok := strings.CutSuffix(size, "M"); ok {
			size, unit = s, 1<<20
		}
		n, err := strconv.ParseInt(size, 10, 40)
		if err != nil {
			continue
		}
		caches = append(caches, Cache{Level: int(number(folder + "/level")), Type: strings.ToLower(strings.TrimSpace(text(folder + "/type"))),
			Bytes: n * unit, SharedBy: len(parseList(strings.TrimSpace(text(folder + "/shared_cpu_list"))))})
	}
	return caches
}

// armModel names the cores from /proc/cpuinfo, which on arm64 has numbers alone;
// several kinds of core are all named.
func armModel(cpuinfo string) (vendor, model string) {
	implementers := map[string]string{"0x41": "ARM", "0x51": "Qualcomm", "0x61": "Apple", "0x53": "Samsung", "0x48": "HiSilicon", "0xc0": "Ampere", "0x4e": "NVIDIA"}
	parts := map[string]string{"0xd03": "Cortex-A53", "0xd04": "Cortex-A35", "0xd05": "Cortex-A55", "0xd07": "Cortex-A57", "0xd08": "Cortex-A72",
		"0xd09": "Cortex-A73", "0xd0a": "Cortex-A75", "0xd0b": "Cortex-A76", "0xd0c": "Neoverse-N1", "0xd0d": "Cortex-A77", "0xd40": "Neoverse-V1",
		"0xd41": "Cortex-A78", "0xd44": "Cortex-X1", "0xd46": "Cortex-A510", "0xd47": "Cortex-A710", "0xd48": "Cortex-X2", "0xd49": "Neoverse-N2",
		"0xd4d": "Cortex-A715", "0xd4e": "Cortex-X3", "0xd4f": "Neoverse-V2", "0xd80": "Cortex-A520", "0xd81": "Cortex-A720"}
	var names []string
	for _, line := range strings.Split(cpuinfo, "\n") {
		key, value, _ := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch key {
		case "CPU implementer":
			if vendor = implementers[value]; vendor == "" {
				vendor = "implementer " + value
			}
		case "CPU part":
			name := parts[value]
			if vendor != "ARM" || name == "" {
				name = "part " + value
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return vendor, strings.Join(names, " + ")
}

// usable are the processors that this process may run on.
func usable() []int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	var list []int
	for i := 0; i < 1024; i++ {
		if set.IsSet(i) {
			list = append(list, i)
		}
	}
	return list
}

// Pin keeps the calling thread, which the caller has locked, on the last usable
// processor, until restore. The first one handles most interrupts.
func Pin() (restore func(), err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, err
	}
	list := usable()
	var one unix.CPUSet
	one.Set(list[len(list)-1])
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, err
	}
	return func() { unix.SchedSetaffinity(0, &before) }, nil
}

// parseList reads "0-3,8" as the kernel writes it.
func parseList(s string) []int {
	var list []int
	for _, part := range strings.Split(strings.TrimSpace(s), ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		b := a
		if isRange && err == nil {
			b, err = strconv.Atoi(to)
		}
		if err != nil || b < a || b-a > 4096 {
			return nil
		}
		for i := a; i <= b; i++ {
			list = append(list, i)
		}
	}
	return list
}

func text(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}

func words(path string) []string { return strings.Fields(text(path)) }

func number(path string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(text(path)), 10, 64)
	return n
}
