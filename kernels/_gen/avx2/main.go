// The generator of the AVX2 kernels: go run ./avx2 -out FILE.s -stubs FILE.go
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("amd64")
	for rows := 1; rows <= 3; rows++ {
		tile(rows)
	}
	for rows := 4; rows <= 6; rows++ {
		half(rows)
	}
	amax()
	quantise(false)
	quantise(true)
	dequant()
	normalise()
	sums(false)
	sums(true)
	maximum()
	multiply()
	activation("gelu16", gelu)
	activation("silu16", silu)
	exponential()
	gather()
	rotate()
	interleave()
	peak()
	Generate()
}
