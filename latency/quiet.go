package latency

import (
	"runtime"
	"runtime/debug"

	"nas/devices"
)

// quiet keeps the garbage collector and, for one thread, the scheduler out of
// timings until restore is called, on the same goroutine.
func quiet(threads int) (restore func()) {
	runtime.GC()
	percent := debug.SetGCPercent(-1)
	runtime.LockOSThread()
	unpin := func() {}
	if threads == 1 {
		if undo, err := devices.Pin(); err == nil {
			unpin = undo
		}
	}
	return func() {
		unpin()
		runtime.UnlockOSThread()
		debug.SetGCPercent(percent)
	}
}
