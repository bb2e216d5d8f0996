package engine

import "golang.org/x/sys/unix"

// huge asks for large pages, where the system has them on request: weights are read
// from end to end, and where small pages happen to lie decides which of them push
// each other out of a cache, by some per cent from one process to the next.
func huge(b []byte) {
	const page = 2 << 20
	if len(b) >= page {
		unix.Madvise(b[:len(b)&^4095], unix.MADV_HUGEPAGE)
	}
}
