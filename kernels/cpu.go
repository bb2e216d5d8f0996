package kernels

import (
	"fmt"
	"strings"
)

// Level is an instruction-set level. Its kernels give the same int32 sums, bit
// for bit, as every other level's.
type Level uint8

const (
	Generic    Level = iota // plain Go, the definition of every kernel
	SSE41                   // amd64: pmaddwd on widened int8, exact for the full range
	AVX2                    // amd64: the same, vpmaddwd
	AVXVNNI                 // amd64: vpdpbusd on ymm, in the encoding of CPUs without AVX-512
	AVX512VNNI              // amd64: vpdpbusd on zmm
	AMX                     // amd64: tdpbusd on tiles, the rest as AVX512VNNI
	NEON                    // arm64: SMULL, SMLAL and SADALP
	DotProd                 // arm64: SDOT
	I8MM                    // arm64: SMMLA
)

var levelNames = []string{"generic", "sse41", "avx2", "avxvnni", "avx512vnni", "amx", "neon", "dotprod", "i8mm"}

func (l Level) String() string { return levelNames[l] }

// ParseLevel reads a level's name.
func ParseLevel(name string) (Level, error) {
	for i, n := range levelNames {
		if n == name {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("kernels: unknown CPU level %.20q: the levels are %s", name, strings.Join(levelNames, ", "))
}

// Supported are the levels that this machine runs, slowest first.
func Supported() []Level { return append([]Level{Generic}, archLevels()...) }

// Detect is the best supported level, or the one named by force, usually the
// environment's NAS_CPU.
func Detect(force string) (Level, error) {
	supported := Supported()
	if force == "" {
		return supported[len(supported)-1], nil
	}
	level, err := ParseLevel(force)
	if err != nil {
		return 0, err
	}
	names := make([]string, len(supported))
	for i, l := range supported {
		names[i] = l.String()
		if l == level {
			return level, nil
		}
	}
	return 0, fmt.Errorf("kernels: CPU level %q is not supported by this machine: it has %s", force, strings.Join(names, ", "))
}

// Set holds the kernels of one level. It is immutable.
type Set struct {
	level Level
	primitives
	tile floatTile
}

// Level is the level that s runs at.
func (s *Set) Level() Level { return s.level }

// For is the set of a supported level.
func For(level Level) (*Set, error) {
	if _, err := Detect(level.String()); err != nil {
		return nil, err
	}
	s := &Set{level: level, primitives: genericPrimitives(), tile: archTile(level)}
	archPrimitives(level, &s.primitives)
	return s, nil
}

// primitives is what a level may replace; generic.go defines each.
type primitives struct {
	// valueBytes is the size of a quantised activation in this level's form, and
	// offset what is added to it: 1 and 0 is int8, 1 and 128 the unsigned operand of
	// vpdpbusd, 2 and 0 the int16 of vpmaddwd.
	valueBytes int
	offset     byte
	rowBlock   int // rows that a Linear quantises at once
	mostRows   int // the same where no sums are held and more is faster
	product    func(dst []int32, ldc int, a []byte, lda int, b []int8, groups, rows, panels, panelStride int, sum []int32)
	amax       func(x []float32) (bits uint32)
	round      func(dst []byte, x []float32, inverse float32, offset byte)
	dequant    func(dst []float32, acc []int32, rowScale float32, colScale, bias, residual []float32)
	gelu       func(x []float32)
	silu       func(x []float32)
	exp        func(x []float32, top float32) (sum float32)
	maximum    func(x []float32) float32
	multiply   func(x, y []float32)
	sum        func(x []float32) float32
	squares    func(x []float32, shift float32) float32
	normalise  func(dst, x, gamma, beta []float32, mean, inverse float32)
	roundBytes func(dst []byte, x []float32, inverse float32, offset byte) // round to bytes, where valueBytes is 2

	// What follows fuses several of the above and may be nil.
	affine       func(dst []float32, ldd int, a []byte, lda int, rowScale []float32, b right, columns int, residual []float32)
	quantiseRows func(dst []byte, ldq int, x []float32, ldx, n int, scale []float32, offset byte)
	softmaxRows  func(dst []byte, ldd int, x []float32, ldx, n, grow, padded int, weight, out, inverse []float32)
	siluGated    func(dst, x []float32)
	geluGated    func(dst, x []float32)
	layerNorm    func(dst, x, gamma, beta []float32, rows, width, ldx, ldd int, eps float32)
	rmsNorm      func(dst, x, gamma []float32, rows, width, ldx, ldd int, eps float32)
	gather       func(dst []float32, row []int8, scale float32, add bool)
	rotate       func(x, table []float32)
	interleave   func(dst []int8, stride int, v []byte, ldv, n int)
}
