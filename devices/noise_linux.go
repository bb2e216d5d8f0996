package devices

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Noise looks at what the system counts.
func Noise() NoiseSample {
	s := NoiseSample{At: time.Now(), CPUPressure: -1, Steal: -1, Throttled: -1, Throttles: -1, MilliCelsius: -1, Hz: Clock()}
	if f := words("/proc/loadavg"); len(f) > 0 {
		s.Load, _ = strconv.ParseFloat(f[0], 64)
	}
	s.CPUPressure = pressure(text("/proc/pressure/cpu"))
	s.Steal, s.Ticks = steal(text("/proc/stat"))
	folder := cgroupFolder()
	if v, ok := field(text(folder+"/cpu.stat"), "throttled_usec"); ok {
		s.Throttled = v
	} else if v, ok := field(text("/sys/fs/cgroup/cpu/cpu.stat"), "throttled_time"); ok {
		s.Throttled = v / 1000
	}
	if cpus := usable(); len(cpus) > 0 {
		base := "/sys/devices/system/cpu/cpu" + strconv.Itoa(cpus[len(cpus)-1])
		s.Governor = strings.TrimSpace(text(base + "/cpufreq/scaling_governor"))
		if t := text(base + "/thermal_throttle/core_throttle_count"); t != "" {
			s.Throttles, _ = strconv.ParseInt(strings.TrimSpace(t), 10, 64)
		}
	}
	zones, _ := filepath.Glob("/sys/class/thermal/thermal_zone*/temp")
	for _, z := range zones {
		if v := number(z); v > 0 && v < 200000 {
			s.MilliCelsius = max(s.MilliCelsius, v)
		}
	}
	return s
}

// pressure reads the total of the line "some avg10=0.00 … total=123".
func pressure(s string) int64 {
	line, _, _ := strings.Cut(s, "\n")
	if _, total, ok := strings.Cut(line, "total="); ok && strings.HasPrefix(line, "some ") {
		if v, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64); err == nil {
			return v
		}
	}
	return -1
}

// steal reads the eighth number of the line "cpu  user nice system idle iowait irq
// softirq steal …" and the sum of the first eight.
func steal(s string) (stolen, all int64) {
	line, _, _ := strings.Cut(s, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return -1, 0
	}
	for _, v := range f[1:9] {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return -1, 0
		}
		all, stolen = all+n, n
	}
	return stolen, all
}

// field finds the number behind a name in lines of "name number".
func field(s, name string) (int64, bool) {
	for _, line := range strings.Split(s, "\n") {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			v, err := strconv.ParseInt(f[1], 10, 64)
			return v, err == nil
		}
	}
	return 0, false
}

// cgroupFolder is the process's own control group of version 2, else the root's.
func cgroupFolder() string {
	const root = "/sys/fs/cgroup"
	for _, line := range strings.Split(text("/proc/self/cgroup"), "\n") {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			if _, err := os.Stat(filepath.Join(root, path, "cpu.max")); err == nil {
				return filepath.Join(root, path)
			}
		}
	}
	return root
}
