package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"nas/internal/atomicfile"
)

// Tensor is one to be written.
type Tensor struct {
	Shape  []int64
	Values []float32
}

// Write writes a file of F32 tensors, whole or not at all: by name, in a header that
// ends on a multiple of eight bytes. Equal tensors give equal bytes.
func Write(path string, metadata map[string]string, tensors map[string]Tensor) error {
	data, err := Encode(metadata, tensors)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, data)
}

// Encode is what Write writes. Values that are not finite are refused.
func Encode(metadata map[string]string, tensors map[string]Tensor) ([]byte, error) {
	header := make(map[string]any, len(tensors)+1)
	if len(metadata) > 0 {
		header[metadataKey] = metadata
	}
	names, end := slices.Sorted(maps.Keys(tensors)), int64(0)
	for _, name := range names {
		t := tensors[name]
		n := int64(1)
		for _, d := range t.Shape {
			n *= d
		}
		if n != int64(len(t.Values)) || name == metadataKey {
			return nil, fmt.Errorf("safetensors: %.80q: %d values for shape %v", name, len(t.Values), t.Shape)
		}
		for i, v := range t.Values {
			if !finite(v) {
				return nil, fmt.Errorf("safetensors: %.80q: value %d is not finite", name, i)
			}
		}
		header[name] = entry{"F32", append([]int64{}, t.Shape...), []int64{end, end + 4*n}}
		end += 4 * n
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > MaxHeader {
		return nil, fmt.Errorf("safetensors: a header of %d bytes; up to %d are read", len(text), MaxHeader)
	}
	data := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+int64(len(text))+end), uint64(len(text)))
	data = append(data, text...)
	for _, name := range names {
		for _, v := range tensors[name].Values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	return data, nil
}
