package latency

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"nas/devices"
	"nas/kernels"
	"nas/space"
)

// Conditions are what a table's figures hold for.
type Conditions struct {
	Device        string         `json:"device"` // devices.Profile.ID
	Level         string         `json:"level"`  // of the kernels: avx2, dotprod, …
	Threads       int            `json:"threads"`
	KernelVersion int            `json:"kernel_version"`
	Workload      space.Workload `json:"workload"`
}

// Here are the conditions on a device at a level.
func Here(p devices.Profile, level kernels.Level, threads int, w space.Workload) Conditions {
	return Conditions{Device: p.ID(), Level: level.String(), Threads: threads, KernelVersion: kernels.Version, Workload: w}
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
	if !sameWorkload(c.Workload, other.Workload) {
		differ("workload", c.Workload, other.Workload)
	}
	return list
}

// sameWorkload reports whether two workloads run the same steps: the prompt that
// came before does not matter to decoding, nor room left in the cache to prefill.
func sameWorkload(a, b space.Workload) bool {
	if a.Phase != b.Phase || a.Batch != b.Batch {
		return false
	}
	if a.Phase == space.Decode {
		return a.Context == b.Context
	}
	return a.Tokens == b.Tokens
}

// Key is a name for a file of these conditions.
func (c Conditions) Key() string {
	w := c.Workload
	if w.Phase == space.Decode {
		w.Tokens = 1
	} else {
		w.Context = 0
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "2 %q %q %d %d %v", c.Device, c.Level, c.Threads, c.KernelVersion, w))
	return hex.EncodeToString(sum[:8])
}
