// Package safetensors reads and writes files of named tensors in the format of that
// name: the length of a header, the header as JSON, the values without a gap
// (github.com/huggingface/safetensors, "Format").
package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"nas/internal/strictjson"
)

// MaxHeader is the longest header that is read, in bytes. A tensor takes about a
// hundred.
const MaxHeader = 4 << 20

// metadataKey is the one key of a header that names no tensor.
const metadataKey = "__metadata__"

// sizes are the bytes of one value of each type that the format knows.
var sizes = map[string]int64{
	"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
	"I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8,
}

// File is an open file whose header was read and checked. Its values are read one
// tensor at a time.
type File struct {
	Metadata map[string]string
	entries  map[string]entry
	values   io.ReaderAt // from the first value on
	close    func() error
}

type entry struct {
	Type    string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// Open reads the header of the file at path. Close it.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r, err := Read(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.close = f.Close
	return r, nil
}

// Close ends the use of f.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Read reads the header of what r holds in size bytes. Nothing is allocated that the
// size does not bear out.
func Read(r io.ReaderAt, size int64) (*File, error) {
	var start [8]byte
	if size < 8 {
		return nil, fmt.Errorf("safetensors: %d bytes are too few", size)
	}
	if _, err := r.ReadAt(start[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(start[:])
	if n > uint64(min(size-8, MaxHeader)) {
		return nil, fmt.Errorf("safetensors: a header of %d bytes in a file of %d: it is truncated or no such file; headers have up to %d", n, size, MaxHeader)
	}
	header := make([]byte, n)
	if _, err := r.ReadAt(header, 8); err != nil {
		return nil, err
	}
	f := &File{}
	if err := f.parse(header, size-8-int64(n)); err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	f.values = io.NewSectionReader(r, 8+int64(n), size-8-int64(n))
	return f, nil
}

// parse checks that the tensors of a header fill size bytes, none overlapping
// another and no gap between them.
func (f *File) parse(header []byte, size int64) error {
	if len(header) == 0 || header[0] != '{' {
		return errors.New("no JSON object")
	}
	var raw map[string]json.RawMessage
	if err := strictjson.Decode(header, &raw); err != nil {
		return err
	}
	if data, ok := raw[metadataKey]; ok {
		if err := strictjson.Decode(data, &f.Metadata); err != nil {
			return fmt.Errorf("%s: %w", metadataKey, err)
		}
		delete(raw, metadataKey)
	}
	f.entries = make(map[string]entry, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) { // equal input, equal error
		var e entry
		err := strictjson.Decode(raw[name], &e)
		if err == nil {
			err = e.check(size)
		}
		if err != nil {
			return fmt.Errorf("%.80q: %w", name, err)
		}
		f.entries[name] = e
	}
	end := int64(0)
	for _, name := range f.inOrder() {
		if at := f.entries[name].Offsets; at[0] != end {
			return fmt.Errorf("%.80q: begins at %d where the one before it ends at %d", name, at[0], end)
		} else {
			end = at[1]
		}
	}
	if end != size {
		return fmt.Errorf("the tensors end at %d of %d bytes: the file is truncated, or longer than what it holds", end, size)
	}
	return nil
}

// inOrder are the names as their values lie.
func (f *File) inOrder() []string {
	names := f.Names()
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := f.entries[a].Offsets, f.entries[b].Offsets
		return slices.Compare(x, y)
	})
	return names
}

// check reports what of e cannot be among size bytes of values.
func (e *entry) check(size int64) error {
	width, ok := sizes[e.Type]
	if !ok {
		return fmt.Errorf("unknown dtype %.20q", e.Type)
	}
	if len(e.Offsets) != 2 || e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] || e.Offsets[1] > size {
		return fmt.Errorf("data_offsets %.6v do not lie in the %d bytes of values", e.Offsets, size)
	}
	bytes := width
	if slices.Contains(e.Shape, 0) {
		bytes = 0
	}
	for _, n := range e.Shape {
		if n < 0 || bytes > 0 && n > size/bytes {
			return fmt.Errorf("shape %.8v is of more than %d bytes", e.Shape, size)
		}
		bytes *= n
	}
	if bytes != e.Offsets[1]-e.Offsets[0] {
		return fmt.Errorf("shape %.8v of %s takes %d bytes, data_offsets have %d", e.Shape, e.Type, bytes, e.Offsets[1]-e.Offsets[0])
	}
	return nil
}

// Names are those of all tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.entries)) }

// Shape is that of a tensor; false: there is none of that name.
func (f *File) Shape(name string) ([]int64, bool) {
	e, ok := f.entries[name]
	return slices.Clone(e.Shape), ok
}
