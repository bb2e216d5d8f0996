package engine

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages; a kernel without them refuses, which is no harm.
func adviseHuge(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
