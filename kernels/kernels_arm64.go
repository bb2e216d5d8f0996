package kernels

import (
	"golang.org/x/sys/cpu"
)

func archLevels() []Level {
	if cpu.ARM64.HasASIMDDP {
		return []Level{DotProd}
	}
	return nil
}

func archPrimitives(level Level, p *primitives) {
	if level == DotProd {
		p.product, p.amax, p.round, p.dequant = productDotProd, amaxDotProd, roundDotProd, dequantDotProd
	}
}

// The tiles compute 1 to 4 rows of one panel.
//
//go:noescape
func tile1(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile2(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile3(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile4(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

// amax16 is the largest magnitude of 16*blocks values as bits; blocks > 0 here and
// below.
//
//go:noescape
func amax16(x *float32, blocks int) (bits uint32)

//go:noescape
func quantise16(dst *byte, x *float32, blocks int, inverse float32)

//go:noescape
func dequant16(dst *float32, acc *int32, rowScale float32, colScale, bias, residual *float32, blocks int)

// productDotProd takes the rows panel by panel: a panel and the few rows that
// callers pass share the first-level cache.
func productDotProd(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, _ []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for p := range panels {
		panel := &b[p*panelStride]
		for m := 0; m < rows; m += 4 {
			to, row := &dst[m*ldc+p*PanelWidth], &a[m*lda]
			switch rows - m {
			case 1:
				tile1(to, ldc, row, lda, panel, groups)
			case 2:
				tile2(to, ldc, row, lda, panel, groups)
			case 3:
				tile3(to, ldc, row, lda, panel, groups)
			default:
				tile4(to, ldc, row, lda, panel, groups)
			}
		}
	}
}

func amaxDotProd(x []float32) uint32 {
	whole, bits := len(x)&^15, uint32(0)
	if whole > 0 {
		bits = amax16(&x[0], whole/16)
	}
	return max(bits, amaxGeneric(x[whole:]))
}

func roundDotProd(dst []byte, x []float32, inverse float32, _ byte) {
	whole := len(x) &^ 15
	_ = dst[:len(x)]
	if whole > 0 {
		quantise16(&dst[0], &x[0], whole/16, inverse)
	}
	roundGeneric(dst[whole:], x[whole:], inverse, 0)
}

func dequantDotProd(dst []float32, acc []int32, rowScale float32, colScale, bias, residual []float32) {
	n := len(dst)
	acc, colScale = acc[:n], colScale[:n]
	whole := n &^ 15
	var biases, residuals *float32
	if whole > 0 {
		if bias != nil {
			biases = &bias[:n][0]
		}
		if residual != nil {
			residuals = &residual[:n][0]
		}
		dequant16(&dst[0], &acc[0], rowScale, &colScale[0], biases, residuals, whole/16)
	}
	if whole == n {
		return
	}
	if bias != nil {
		bias = bias[whole:]
	}
	if residual != nil {
		residual = residual[whole:]
	}
	dequantGeneric(dst[whole:], acc[whole:], rowScale, colScale[whole:], bias, residual)
}
