package engine

import (
	"unsafe"

	"nas/space"
)

// block is memory aligned to space.Align, handed out front to back.
type block struct {
	bytes []byte
	used  int
}

// allocate makes a block of n bytes. The allocation is up to 63 bytes larger, so
// that its start can be aligned.
func allocate(n int) block {
	raw := make([]byte, n+space.Align-1)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))) & (space.Align - 1)
	return block{bytes: raw[skip : skip+n : skip+n]}
}

// take hands out the next n values of 4 bytes or less, aligned.
func take[T int8 | int32 | float32](b *block, n int) []T {
	var zero T
	size := n * int(unsafe.Sizeof(zero))
	s := view[T](b.bytes[b.used:], n)
	b.used += (size + space.Align - 1) &^ (space.Align - 1)
	return s
}

// view is the first n values of b as T.
func view[T int8 | int32 | float32](b []byte, n int) []T {
	if n == 0 {
		return nil
	}
	var zero T
	b = b[:n*int(unsafe.Sizeof(zero))]
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}
