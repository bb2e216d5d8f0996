//go:build unix

package study

import (
	"os"

	"golang.org/x/sys/unix"
)

// Bytes of a database that SQLite locks (its file format, "pending byte").
const lockStart, lockBytes = 0x40000000, 512

// owner is the process that holds SQLite's lock on a file; 0: unknown. A process asks
// only about files that it has not open, since closing one would free its locks.
func owner(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: lockStart, Len: lockBytes}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
		return 0
	}
	return int(lock.Pid)
}

// gone reports whether there is no process of that number.
func gone(pid int) bool { return pid > 0 && unix.Kill(pid, 0) == unix.ESRCH }
