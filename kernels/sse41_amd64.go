package kernels

// productSSE41 takes the rows half a panel at a time, three by three.
func productSSE41(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, _ []int32) {
	_ = dst[(rows-1)*ldc:][:panels*PanelWidth]
	_ = a[(rows-1)*lda:][:2*groups*GroupDepth]
	_ = b[(panels-1)*panelStride:][:groups*PanelWidth*GroupDepth]
	for half := range 2 * panels {
		panel := &b[half/2*panelStride+half%2*PanelWidth*GroupDepth/2]
		for m := 0; m < rows; m += 3 {
			to, row := &dst[m*ldc+half*PanelWidth/2], &a[m*lda]
			switch rows - m {
			case 1:
				tile1SSE41(to, ldc, row, lda, panel, groups)
			case 2:
				tile2SSE41(to, ldc, row, lda, panel, groups)
			default:
				tile3SSE41(to, ldc, row, lda, panel, groups)
			}
		}
	}
}

// roundWords is round to int16, which pmaddwd takes.
func roundWords(dst []byte, x []float32, inverse float32, _ byte) {
	for i, v := range x {
		q := int8(roundByte(float32(v * inverse)))
		dst[2*i], dst[2*i+1] = byte(q), byte(q>>7)
	}
}
