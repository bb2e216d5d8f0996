package kernels

import "golang.org/x/sys/cpu"

func archLevels() []Level {
	levels := []Level{NEON}
	if cpu.ARM64.HasASIMDDP {
		levels = append(levels, DotProd)
		if cpu.ARM64.HasI8MM {
			levels = append(levels, I8MM)
		}
	}
	return levels
}

// archPrimitives: only the int8 product differs between the levels.
func archPrimitives(level Level, p *primitives) {
	switch level {
	case NEON:
		p.product = tilesNEON.product
	case DotProd:
		p.product = tilesDotProd.product
	case I8MM:
		p.product = tilesI8MM.product
	default:
		return
	}
	p.amax, p.round, p.roundBytes, p.dequant = amaxBlocks, roundNEON, roundNEON, dequantBlocks
	p.gelu, p.silu, p.exp, p.maximum, p.multiply = geluBlocks, siluBlocks, expBlocks, maximumBlocks, multiplyBlocks
	p.sum, p.squares, p.normalise = sumBlocks, squaresBlocks, normaliseBlocks
	p.gather, p.rotate = gatherBlocks, rotateNEON
}

type tileNEON func(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

// tiles by rows, less one: those of a level compute up to so many rows of one panel.
type tiles []tileNEON

// Multiply-adds for each arithmetic instruction of the inner loops at full height:
// NEON 5.3 (two smull, two smlal and two sadalp for 32), DotProd 16 (sdot), I8MM 22
// (24 smmla of 32 each and 11 zip for 768).
var (
	tilesNEON    = tiles{tile1NEON, tile2NEON}
	tilesDotProd = tiles{tile1, tile2, tile3, tile4}
	tilesI8MM    = tiles{tile1I8MM, tile2I8MM, tile3I8MM, tile4I8MM, tile5I8MM, tile6I8MM}
)

// product takes the rows panel by panel: a panel and the few rows that callers pass
// share the first-level cache.
func (t tiles) product(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, _ []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for p := range panels {
		for m := 0; m < rows; m += len(t) {
			t[min(rows-m, len(t))-1](&dst[m*ldc+p*PanelWidth], ldc, &a[m*lda], lda, &b[p*panelStride], groups)
		}
	}
}

//go:noescape
func tile1(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile2(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile3(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile4(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile1NEON(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile2NEON(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile1I8MM(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile2I8MM(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile3I8MM(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile4I8MM(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile5I8MM(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)

//go:noescape
func tile6I8MM(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)
