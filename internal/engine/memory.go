package engine

import (
	"unsafe"

	"nas/internal/huge"
	"nas/space"
)

// block is memory aligned to space.Align, handed out front to back.
type block struct {
	bytes []byte
	used  int
}

// allocate makes a block of n bytes.
func allocate(n int) block { return block{bytes: huge.Bytes(n, space.Align)} }

// cut takes the first n bytes off, a multiple of space.Align, as a block of their own.
func (b *block) cut(n int) (first block) {
	first.bytes, b.bytes = b.bytes[:n:n], b.bytes[n:]
	return first
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
