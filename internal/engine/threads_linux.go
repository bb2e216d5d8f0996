package engine

import (
	"math"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cores keeps the workers off the caller's core. A kernel in a virtual machine takes
// a halted core for a busy one: a thread it wakes may land on the core of who wakes
// it, and share it for milliseconds with a caller that spins there.
type cores struct {
	allowed unix.CPUSet
	threads []int // of the workers
	caller  int
}

func newCores(workers int) *cores {
	c := &cores{threads: make([]int, workers), caller: -1}
	if unix.SchedGetaffinity(0, &c.allowed) != nil {
		c.threads = nil
	}
	return c
}

// join gives the calling worker a thread of its own, for good.
func (c *cores) join(worker int) {
	runtime.LockOSThread()
	if c.threads != nil {
		c.threads[worker] = unix.Gettid()
	}
}

// avoidCaller is called by the caller before it wakes workers. What the system
// refuses stays as it is.
func (c *cores) avoidCaller() {
	var cpu uint32
	if _, _, err := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); err != 0 || int(cpu) == c.caller {
		return
	}
	c.caller = int(cpu)
	others := c.allowed
	others.Clear(c.caller)
	for _, thread := range c.threads[min(1, len(c.threads)):] { // the first worker is the caller
		unix.SchedSetaffinity(thread, &others)
	}
}

// sleeping waits in the kernel (futex(2)), which wakes a worker's own thread; Go's
// semaphores wake another that then looks for it.
type sleeping struct{}

const futexWait, futexWake = 128, 129 // of threads of one process

// sleep returns when word is no longer old.
func (sleeping) sleep(word *atomic.Uint32, old uint32) {
	for word.Load() == old {
		unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(old), 0, 0, 0)
	}
}

// wake wakes all who sleep on word, which has changed.
func (sleeping) wake(word *atomic.Uint32) {
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, math.MaxInt32, 0, 0, 0)
}
