package kernels

//go:noescape
func tile1AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

//go:noescape
func tile2AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

//go:noescape
func tile3AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

//go:noescape
func tile4AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

//go:noescape
func tile5AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

//go:noescape
func tile6AVXVNNI(dst *int32, ldc int, a *byte, lda int, b *int8, panelStride int, groups, tiles int, sum *int32, rowScale, colScale, bias, residual *float32, last int)

//go:noescape
func gemv1x4AVXVNNI(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride int, groups int, blocks int, sum *int32, rowScale, colScale, bias, residual *float32)

//go:noescape
func gemv2x2AVXVNNI(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride int, groups int, blocks int, sum *int32, rowScale, colScale, bias, residual *float32)

//go:noescape
func gemv3x2AVXVNNI(dst *float32, ldd int, a *byte, lda int, b *int8, panelStride int, groups int, blocks int, sum *int32, rowScale, colScale, bias, residual *float32)

// peakAVXVNNI executes 12 vpdpbusd on ymm registers, rounds times.
func peakAVXVNNI(rounds int)
