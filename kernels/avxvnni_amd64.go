package kernels

type tileAVXVNNI func(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

// tilesAVXVNNI by rows, less one.
var tilesAVXVNNI = [6]tileAVXVNNI{tile1AVXVNNI, tile2AVXVNNI, tile3AVXVNNI, tile4AVXVNNI, tile5AVXVNNI, tile6AVXVNNI}

// productAVXVNNI takes the rows panel by panel, six at a time.
func productAVXVNNI(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for p := range panels {
		var offset *int32
		if sum != nil {
			offset = &sum[p*PanelWidth:][:PanelWidth][0]
		}
		for m := 0; m < rows; m += 6 {
			tilesAVXVNNI[min(rows-m, 6)-1](&dst[m*ldc+p*PanelWidth], ldc, &a[m*lda], lda, &b[p*panelStride], groups, offset)
		}
	}
}

//go:noescape
func tile1AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

//go:noescape
func tile2AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

//go:noescape
func tile3AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

//go:noescape
func tile4AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

//go:noescape
func tile5AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

//go:noescape
func tile6AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, groups int, sum *int32)

// peakAVXVNNI executes 12 vpdpbusd on ymm registers, rounds times.
func peakAVXVNNI(rounds int)
