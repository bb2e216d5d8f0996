package huge

import (
	"testing"
	"unsafe"
)

func TestMemoryIsAlignedAndZero(t *testing.T) {
	for _, n := range []int{0, 1, 63, 4096, Page - 1, Page, 2*Page + 12} {
		for _, align := range []int{1, 64, 4096} {
			b := Bytes(n, align)
			if len(b) != n || cap(b) != n {
				t.Fatalf("Bytes(%d, %d): %d of %d bytes", n, align, len(b), cap(b))
			}
			want := uintptr(align)
			if n >= Page {
				want = Page
			}
			if at := uintptr(unsafe.Pointer(unsafe.SliceData(b))); n > 0 && at%want != 0 {
				t.Errorf("Bytes(%d, %d) at %#x, want a multiple of %d", n, align, at, want)
			}
			for i := range b {
				if b[i] != 0 {
					t.Fatalf("Bytes(%d, %d)[%d] is %d", n, align, i, b[i])
				}
				b[i] = 1
			}
		}
		x := Make[float64](n)
		if len(x) != n {
			t.Fatalf("Make(%d): %d values", n, len(x))
		}
		for i := range x {
			if x[i] != 0 {
				t.Fatalf("Make(%d)[%d] is %v", n, i, x[i])
			}
			x[i] = 1
		}
	}
}
