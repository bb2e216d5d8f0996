package main

// prologue loads the arguments of a product's tile: dst R0, its stride R1, rows of a
// from R2 on, b R14, groups R15; and clears the accumulators from first on.
func prologue(f *file, rows, first int) {
	f.op("MOVD dst+0(FP), R0")
	f.op("MOVD ldc+8(FP), R1")
	f.op("MOVD a+16(FP), R2")
	f.op("MOVD lda+24(FP), R13")
	f.op("MOVD b+32(FP), R14")
	f.op("MOVD groups+40(FP), R15")
	f.op("LSL $2, R1, R1")
	for row := 1; row < rows; row++ {
		f.op("ADD R13, R%d, R%d", 1+row, 2+row)
	}
	for v := first; v < 32; v++ {
		f.op("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v)
	}
}

// matrix emits the tiles of SMMLA: 1 to 6 rows by 16 columns. An accumulator holds
// two rows by two columns; a pair of rows has eight of them, from V8 on. A step is
// two groups, zipped so that a column's eight bytes lie together.
func matrix(f *file) {
	for rows := 1; rows <= 6; rows++ {
		f.text("(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)", "tile"+string(rune('0'+rows))+"I8MM", 48)
		prologue(f, rows, 8)
		f.op("SUBS $2, R15, R15")
		f.op("BLT rest")
		f.line("\nloop:")
		matrixStep(f, rows, "FMOVD.P 8", func(quarter int) {
			f.op("FMOVQ %d(R14), F3", 16*quarter)
			f.op("FMOVQ %d(R14), F4", 64+16*quarter)
		})
		f.op("ADD $128, R14, R14")
		f.op("SUBS $2, R15, R15")
		f.op("BGE loop")
		f.line("\nrest:")
		f.op("TBZ $0, R15, store")
		f.op("VEOR V4.B16, V4.B16, V4.B16")
		matrixStep(f, rows, "FMOVS.P 4", func(quarter int) { f.op("FMOVQ %d(R14), F3", 16*quarter) })
		f.line("\nstore:")
		for row := range rows {
			for quarter := range 4 {
				v := 8 + row/2*8 + 2*quarter
				f.op("VZIP%d V%d.D2, V%d.D2, V%d.D2", 1+row%2, v+1, v, quarter)
			}
			f.op("VST1 %s, (R0)", quad(0))
			if row+1 < rows {
				f.op("ADD R1, R0, R0")
			}
		}
		f.op("RET")
	}
}

// matrixStep multiplies the next bytes of the rows, loaded by load, with 16 columns,
// whose two groups loadB puts in V3 and V4.
func matrixStep(f *file, rows int, load string, loadB func(quarter int)) {
	for row := range rows {
		if row%2 == 0 {
			f.op("%s(R%d), F%d", load, 2+row, row/2)
			continue
		}
		f.op("%s(R%d), F5", load, 2+row)
		f.op("VZIP1 V5.D2, V%d.D2, V%d.D2", row/2, row/2)
	}
	for quarter := range 4 {
		loadB(quarter)
		f.op("VZIP1 V4.S4, V3.S4, V6.S4")
		f.op("VZIP2 V4.S4, V3.S4, V7.S4")
		for pair := range (rows + 1) / 2 {
			for half := range 2 {
				f.smmla(8+8*pair+2*quarter+half, pair, 6+half)
			}
		}
	}
}

// widening emits the tiles of plain NEON: 1 or 2 rows by 16 columns. Products of two
// groups add up in int16, which they fit as no value is -128, and then in int32:
// eight accumulators a row from V16 on, half a column's sum each.
func widening(f *file) {
	for rows := 1; rows <= 2; rows++ {
		f.text("(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)", "tile"+string(rune('0'+rows))+"NEON", 48)
		prologue(f, rows, 32-8*2)
		f.op("SUBS $2, R15, R15")
		f.op("BLT rest")
		f.line("\nloop:")
		wideningStep(f, rows, 2)
		f.op("SUBS $2, R15, R15")
		f.op("BGE loop")
		f.line("\nrest:")
		f.op("TBZ $0, R15, store")
		wideningStep(f, rows, 1)
		f.line("\nstore:")
		for row := range rows {
			for quarter := range 4 {
				v := 16 + 8*row + 2*quarter
				f.binary("addp", quarter, v, v+1)
			}
			f.op("VST1 %s, (R0)", quad(0))
			if row+1 < rows {
				f.op("ADD R1, R0, R0")
			}
		}
		f.op("RET")
	}
}

func wideningStep(f *file, rows, groups int) {
	for row := range rows {
		for group := range groups {
			f.op("MOVWU.P 4(R%d), R16", 2+row)
			f.op("VDUP R16, V%d.S4", 2*row+group)
		}
	}
	for group := range groups {
		f.op("VLD1.P 64(R14), [V%d.B16, V%d.B16, V%d.B16, V%d.B16]", 4+4*group, 5+4*group, 6+4*group, 7+4*group)
	}
	for quarter := range 4 {
		for row := range rows {
			low, high := 12+2*row, 13+2*row
			acc := 16 + 8*row + 2*quarter
			f.widen("smull", low, 4+quarter, 2*row)
			f.widen("smull2", high, 4+quarter, 2*row)
			if groups == 2 {
				f.widen("smlal", low, 8+quarter, 2*row+1)
				f.widen("smlal2", high, 8+quarter, 2*row+1)
			}
			f.sadalp(acc, low)
			f.sadalp(acc+1, high)
		}
	}
}

// floats emits the tiles of a float32 product: 1 to 4 rows by 16 columns. The
// accumulators are V16 to V31, four a row; four steps' values of a row are in a
// register of V0 to V3.
func floats(f *file) {
	for rows := 1; rows <= 4; rows++ {
		f.text("(c *float32, ldc int, a *float32, lda int, b *float32, ldb, depth int, alpha, beta float32)", "matmul"+string(rune('0'+rows)), 64)
		f.op("MOVD c+0(FP), R0")
		f.op("MOVD ldc+8(FP), R1")
		f.op("MOVD a+16(FP), R2")
		f.op("MOVD lda+24(FP), R8")
		f.op("MOVD b+32(FP), R6")
		f.op("MOVD ldb+40(FP), R10")
		f.op("MOVD depth+48(FP), R7")
		f.op("LSL $2, R1, R1")
		f.op("LSL $2, R8, R8")
		f.op("LSL $2, R10, R10")
		for row := 1; row < rows; row++ {
			f.op("ADD R8, R%d, R%d", 1+row, 2+row)
		}
		for v := range 4 * rows {
			f.op("VEOR V%d.B16, V%d.B16, V%d.B16", 16+v, 16+v, 16+v)
		}
		step := func(k, b int) {
			f.op("VLD1 (R6), %s", quad(b))
			f.op("ADD R10, R6, R6")
			for column := range 4 {
				for row := range rows {
					f.fmla(16+4*row+column, b+column, row, k)
				}
			}
		}
		f.op("SUBS $4, R7, R7")
		f.op("BLT rest")
		f.line("\nloop:")
		for row := range rows {
			f.op("FMOVQ.P 16(R%d), F%d", 2+row, row)
		}
		for k := range 4 {
			step(k, 4+k%3*4)
		}
		f.op("SUBS $4, R7, R7")
		f.op("BGE loop")
		f.line("\nrest:")
		f.op("ADDS $4, R7, R7")
		f.op("BEQ store")
		f.line("\none:")
		for row := range rows {
			f.op("FMOVS.P 4(R%d), F%d", 2+row, row)
		}
		step(0, 4)
		f.op("SUBS $1, R7, R7")
		f.op("BNE one")
		f.line("\nstore:")
		f.argument(0, "alpha", 56)
		f.argument(1, "beta", 60)
		for row := range rows {
			v := 16 + 4*row
			four(func(i int) { f.binary("fmul", v+i, v+i, 0) })
			f.op("CBZ R9, write%d", row)
			f.op("VLD1 (R0), %s", quad(4))
			four(func(i int) {
				f.binary("fmul", 4+i, 4+i, 1)
				f.binary("fadd", v+i, v+i, 4+i)
			})
			f.line("\nwrite%d:", row)
			f.op("VST1 %s, (R0)", quad(v))
			if row+1 < rows {
				f.op("ADD R1, R0, R0")
			}
		}
		f.op("RET")
	}
}
