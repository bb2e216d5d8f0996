#include "textflag.h"

// func prefetch(x *int8, n int)
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVQ x+0(FP), AX
	MOVQ n+8(FP), CX
	ADDQ AX, CX
line:
	PREFETCHT0 (AX)
	ADDQ $64, AX
	CMPQ AX, CX
	JB   line
	RET
