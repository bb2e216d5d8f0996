package main

// product emits a tile of 1 to 4 rows by 16 columns each. Accumulators are V16 to
// V31, four a row; A is in V0 to V3, a register a row; B goes through V4 to V15, a
// group in four registers, loaded two groups ahead.
func product(f *file) {
	for rows := 1; rows <= 4; rows++ {
		tile(f, rows)
	}
}

func tile(f *file, rows int) {
	loadB := func(group int) {
		v := 4 + group%3*4
		f.op("FLDPQ.P 32(R6), (F%d, F%d)", v, v+1)
		f.op("FLDPQ.P 32(R6), (F%d, F%d)", v+2, v+3)
	}
	dots := func(group, element int) {
		for column := range 4 {
			for row := range rows {
				f.sdot(16+4*row+column, 4+group%3*4+column, row, element)
			}
		}
	}

	f.text("(dst *int32, ldc int, a *byte, lda int, b *int8, groups int)", "tile"+string(rune('0'+rows)), 48)
	f.op("MOVD dst+0(FP), R0")
	f.op("MOVD ldc+8(FP), R1")
	f.op("MOVD a+16(FP), R2")
	f.op("MOVD lda+24(FP), R8")
	f.op("MOVD b+32(FP), R6")
	f.op("MOVD groups+40(FP), R7")
	f.op("LSL $2, R1, R1")
	for row := 1; row < rows; row++ {
		f.op("ADD R8, R%d, R%d", 1+row, 2+row)
	}
	for v := range 4 * rows {
		f.op("VEOR V%d.B16, V%d.B16, V%d.B16", 16+v, 16+v, 16+v)
	}
	f.op("SUBS $4, R7, R7")
	f.op("BLT rest")

	f.line("\nloop:")
	for row := range rows {
		f.op("FMOVQ.P 16(R%d), F%d", 2+row, row)
	}
	loadB(0)
	loadB(1)
	for group := range 4 {
		if group < 2 {
			loadB(group + 2)
		}
		dots(group, group)
	}
	f.op("SUBS $4, R7, R7")
	f.op("BGE loop")

	f.line("\nrest:")
	f.op("ADDS $4, R7, R7")
	f.op("BEQ store")

	f.line("\ngroup:")
	for row := range rows {
		f.op("FMOVS.P 4(R%d), F%d", 2+row, row)
	}
	loadB(0)
	dots(0, 0)
	f.op("SUBS $1, R7, R7")
	f.op("BNE group")

	f.line("\nstore:")
	for row := range rows {
		v := 16 + 4*row
		f.op("VST1 [V%d.S4, V%d.S4, V%d.S4, V%d.S4], (R0)", v, v+1, v+2, v+3)
		if row < rows-1 {
			f.op("ADD R1, R0, R0")
		}
	}
	f.op("RET")
}

// quantise emits the two passes over a row, 16 values at a time.
func quantise(f *file) {
	f.text("(x *float32, blocks int) (bits uint32)", "amax16", 20)
	f.op("MOVD x+0(FP), R0")
	f.op("MOVD blocks+8(FP), R1")
	for v := range 4 {
		f.op("VEOR V%d.B16, V%d.B16, V%d.B16", v, v, v)
	}
	f.line("\nloop:")
	f.op("VLD1.P 64(R0), [V4.S4, V5.S4, V6.S4, V7.S4]")
	for v := range 4 {
		f.unary("fabs", 4+v, 4+v)
		f.binary("umax", v, v, 4+v)
	}
	f.op("SUBS $1, R1, R1")
	f.op("BNE loop")
	f.binary("umax", 0, 0, 1)
	f.binary("umax", 2, 2, 3)
	f.binary("umax", 0, 0, 2)
	f.umaxv(0, 0)
	f.op("FMOVS F0, bits+16(FP)")
	f.op("RET")

	f.text("(dst *byte, x *float32, blocks int, inverse float32)", "quantise16", 28)
	f.op("MOVD dst+0(FP), R0")
	f.op("MOVD x+8(FP), R1")
	f.op("MOVD blocks+16(FP), R2")
	f.op("MOVWU inverse+24(FP), R3")
	f.op("VDUP R3, V16.S4")
	f.line("\nloop:")
	f.op("VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]")
	for v := range 4 {
		f.binary("fmul", v, v, 16)
		f.unary("fcvtns", v, v)
	}
	f.narrow(4, 0, "4h", "4s")
	f.narrow2(4, 1, "8h", "4s")
	f.narrow(5, 2, "4h", "4s")
	f.narrow2(5, 3, "8h", "4s")
	f.narrow(6, 4, "8b", "8h")
	f.narrow2(6, 5, "16b", "8h")
	f.op("VST1.P [V6.B16], 16(R0)")
	f.op("SUBS $1, R2, R2")
	f.op("BNE loop")
	f.op("RET")
}

// dequant multiplies and adds separately, as the generic kernel does; it may work
// in place.
func dequant(f *file) {
	f.text("(dst *float32, acc *int32, rowScale float32, colScale, bias, residual *float32, blocks int)", "dequant16", 56)
	f.op("MOVD dst+0(FP), R0")
	f.op("MOVD acc+8(FP), R1")
	f.op("MOVWU rowScale+16(FP), R2")
	f.op("MOVD colScale+24(FP), R3")
	f.op("MOVD bias+32(FP), R4")
	f.op("MOVD residual+40(FP), R5")
	f.op("MOVD blocks+48(FP), R6")
	f.op("VDUP R2, V16.S4")
	f.line("\nloop:")
	f.op("VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]")
	f.op("VLD1.P 64(R3), [V4.S4, V5.S4, V6.S4, V7.S4]")
	for v := range 4 {
		f.unary("scvtf", v, v)
		f.binary("fmul", 4+v, 16, 4+v)
		f.binary("fmul", v, v, 4+v)
	}
	for i, term := range []string{"bias", "residual"} {
		f.op("CBZ R%d, no_%s", 4+i, term)
		f.op("VLD1.P 64(R%d), [V4.S4, V5.S4, V6.S4, V7.S4]", 4+i)
		for v := range 4 {
			f.binary("fadd", v, v, 4+v)
		}
		f.line("\nno_%s:", term)
	}
	f.op("VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)")
	f.op("SUBS $1, R6, R6")
	f.op("BNE loop")
	f.op("RET")
}
