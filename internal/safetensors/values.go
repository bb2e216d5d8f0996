package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// chunk is how many bytes of values are read at a time.
const chunk = 1 << 16

// Float32 reads the values of a tensor of F32, BF16 or F16 to dst, which is as long
// as it is; those that are not finite are refused.
func (f *File) Float32(name string, dst []float32) error {
	e, ok := f.entries[name]
	if !ok {
		return fmt.Errorf("safetensors: there is no tensor %.80q", name)
	}
	var decode func(b []byte) float32
	switch e.Type {
	case "F32":
		decode = func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case "BF16":
		decode = func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	case "F16":
		decode = func(b []byte) float32 { return half(binary.LittleEndian.Uint16(b)) }
	default:
		return fmt.Errorf("safetensors: %.80q is of %s; F32, BF16 and F16 are read", name, e.Type)
	}
	width := int(sizes[e.Type])
	from, bytes := e.Offsets[0], e.Offsets[1]-e.Offsets[0]
	if bytes != int64(width)*int64(len(dst)) {
		return fmt.Errorf("safetensors: %.80q has %d values, not %d", name, bytes/int64(width), len(dst))
	}
	buffer := make([]byte, min(bytes, chunk))
	for at := int64(0); at < bytes; at += chunk {
		part := buffer[:min(bytes-at, chunk)]
		if _, err := f.values.ReadAt(part, from+at); err != nil {
			return fmt.Errorf("safetensors: %.80q: %w", name, err)
		}
		for i := 0; i < len(part); i += width {
			v := decode(part[i:])
			if !finite(v) {
				return fmt.Errorf("safetensors: %.80q: value %d is not finite", name, (int(at)+i)/width)
			}
			dst[(int(at)+i)/width] = v
		}
	}
	return nil
}

func finite(v float32) bool { return v-v == 0 }

// half is the value of 16 bits of IEEE 754: a sign, 5 bits of exponent, 10 of
// mantissa.
func half(h uint16) float32 {
	sign, exponent, mantissa := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // subnormal: mantissa * 2⁻²⁴, exact in float32
		return math.Float32frombits(math.Float32bits(float32(mantissa)/(1<<24)) | sign)
	case 31:
		return math.Float32frombits(sign | 255<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}
