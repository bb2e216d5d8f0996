package kernels

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

const (
	amxRows    = 32 // of a block: two tiles
	amxLeast   = 8  // rows below which vpdpbusd is as fast
	tileGroups = 16 // groups of depth in a tile
)

func hasAMX() bool {
	return cpu.X86.HasAMXTile && cpu.X86.HasAMXInt8 && allowAMX()
}

// tileConfig is the operand of ldtilecfg (Intel's manual, volume 1, section 18.3).
type tileConfig struct {
	palette, start byte
	_              [14]byte
	rowBytes       [16]uint16
	rows           [16]byte
}

// configure sets the tiles that productAMX uses for so many rows and groups.
func (c *tileConfig) configure(rows, groups int) {
	*c = tileConfig{palette: 1}
	set := func(tile, rows, bytes int) {
		if rows > 0 && bytes > 0 {
			c.rows[tile], c.rowBytes[tile] = byte(rows), uint16(bytes)
		}
	}
	first, second, last := min(rows, 16), max(rows-16, 0), groups%tileGroups
	set(0, first, 64) // sums
	set(1, second, 64)
	set(2, first, 64) // rows
	set(3, second, 64)
	set(4, tileGroups, 64)              // weights
	set(5, first, last*GroupDepth)      // rows of the last step
	set(6, second, last*GroupDepth)     //
	set(7, last, PanelWidth*GroupDepth) // weights of the last step
	if last == 0 {
		set(5, first, 64) // sums of a second panel
		set(6, second, 64)
		set(7, tileGroups, 64) // its weights
	}
}

// pairs tells whether two panels at a time are faster: they halve how often the rows
// are read, which matters where those do not stay in the first-level cache.
func pairs(groups, panels int) bool {
	const cache = 48 << 10
	return amxRows*groups*GroupDepth > cache && groups%tileGroups == 0 && panels%2 == 0
}

// productOfAMX takes 32 rows at a time through all panels.
func productOfAMX(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32) {
	if rows < amxLeast {
		vnniOfAVX512.product(dst, ldc, a, lda, b, groups, rows, panels, panelStride, sum)
		return
	}
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	var offset *int32
	if sum != nil {
		offset = &sum[:panels*PanelWidth][0]
	}
	var config tileConfig
	for m := 0; m < rows; m += amxRows {
		n := min(amxRows, rows-m)
		config.configure(n, groups)
		to := (*float32)(unsafe.Pointer(&dst[m*ldc]))
		productAMX(to, ldc, &a[m*lda], lda, n, &b[0], panelStride, groups, panels, pairs(groups, panels), offset, nil, nil, nil, nil, PanelWidth, (*byte)(unsafe.Pointer(&config)))
	}
}

// affineAMX is productOfAMX with the sums made floats.
func affineAMX(dst []float32, ldd int, a []byte, lda int, rowScale []float32, b right, columns int, residual []float32) {
	rows, panels := len(rowScale), PadN(columns)/PanelWidth
	if rows < amxLeast {
		vnniOfAVX512.affine(dst, ldd, a, lda, rowScale, b, columns, residual)
		return
	}
	b.check(dst, ldd, a, lda, rows, columns, residual)
	var sum *int32
	var bias, add *float32
	if b.sum != nil {
		sum = &b.sum[:panels*PanelWidth][0]
	}
	if b.bias != nil {
		bias = &b.bias[:panels*PanelWidth][0]
	}
	last := columns - (columns-1)/PanelWidth*PanelWidth
	var config tileConfig
	for m := 0; m < rows; m += amxRows {
		n := min(amxRows, rows-m)
		config.configure(n, b.groups)
		if residual != nil {
			add = &residual[m*ldd]
		}
		productAMX(&dst[m*ldd], ldd, &a[m*lda], lda, n, &b.data[0], b.stride, b.groups, panels, pairs(b.groups, panels), sum, &rowScale[m], &b.scale[:panels*PanelWidth][0], bias, add, last, (*byte)(unsafe.Pointer(&config)))
	}
}
