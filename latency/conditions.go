package latency

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"nas/devices"
	"nas/kernels"
)

// Conditions are what a table's figures hold for.
type Conditions struct {
	Device        string `json:"device"` // devices.Profile.ID
	Level         string `json:"level"`  // of the kernels: avx2, dotprod, …
	Threads       int    `json:"threads"`
	KernelVersion int    `json:"kernel_version"`
}

// Here are the conditions on a device at a level.
func Here(p devices.Profile, level kernels.Level, threads int) Conditions {
	return Conditions{Device: p.ID(), Level: level.String(), Threads: threads, KernelVersion: kernels.Version}
}

// Differences says in words in what c differs from other, nothing if in nothing.
func (c Conditions) Differences(other Conditions) []string {
	var list []string
	differ := func(what string, a, b any) {
		if a != b {
			list = append(list, fmt.Sprintf("%s: %v, not %v", what, a, b))
		}
	}
	differ("device", c.Device, other.Device)
	differ("kernel level", c.Level, other.Level)
	differ("threads", c.Threads, other.Threads)
	differ("kernel version", c.KernelVersion, other.KernelVersion)
	return list
}

// Key is a name for a file of these conditions.
func (c Conditions) Key() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %d", c.Device, c.Level, c.Threads, c.KernelVersion))
	return hex.EncodeToString(sum[:8])
}
