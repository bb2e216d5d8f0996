package huge

import "golang.org/x/sys/unix"

// advise asks for huge pages; a kernel without them refuses, which is no harm.
func advise(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
