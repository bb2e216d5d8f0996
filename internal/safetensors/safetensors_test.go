package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// file is a header and its values.
func file(header string, values ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), values...)
}

func read(data []byte) (*File, error) { return Read(bytes.NewReader(data), int64(len(data))) }

func TestRoundTrip(t *testing.T) {
	negativeZero := float32(math.Copysign(0, -1))
	tensors := map[string]Tensor{
		"b":      {[]int64{2, 3}, []float32{1, -2.5, negativeZero, math.SmallestNonzeroFloat32, math.MaxFloat32, 1e-39}},
		"a":      {[]int64{1}, []float32{3}},
		"scalar": {nil, []float32{7}},
		"none":   {[]int64{4, 0}, nil},
		"ü\"":    {[]int64{1}, []float32{5}},
		"long":   {[]int64{chunk}, make([]float32, chunk)},
	}
	for i := range tensors["long"].Values {
		tensors["long"].Values[i] = float32(i) / 3
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	metadata := map[string]string{"format": "pt", "what": "a \"test\"\n"}
	if err := Write(path, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Metadata["what"] != metadata["what"] || len(f.Metadata) != 2 || len(f.Names()) != len(tensors) {
		t.Errorf("metadata %v, names %v", f.Metadata, f.Names())
	}
	again := map[string]Tensor{}
	for name, want := range tensors {
		shape, ok := f.Shape(name)
		if !ok || !slices.Equal(shape, want.Shape) {
			t.Errorf("%q: shape %v, %t, want %v", name, shape, ok, want.Shape)
		}
		got := make([]float32, len(want.Values))
		if err := f.Float32(name, got); err != nil {
			t.Error(err)
		}
		for i := range got {
			if math.Float32bits(got[i]) != math.Float32bits(want.Values[i]) {
				t.Errorf("%q[%d] = %x, want %x", name, i, math.Float32bits(got[i]), math.Float32bits(want.Values[i]))
			}
		}
		again[name] = Tensor{shape, got}
	}
	first, _ := Encode(metadata, tensors)
	second, err := Encode(f.Metadata, again)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("written again it is another file, %v", err)
	}
	if n := binary.LittleEndian.Uint64(first); n%8 != 0 {
		t.Errorf("values begin at byte %d, which is no multiple of eight", 8+n)
	}
}

func TestTypes(t *testing.T) {
	f, err := read(file(`{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"y":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"z":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}  `,
		0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f, 0x49, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float32{"x": {1, -2}, "y": {1, -3.140625}} {
		got := make([]float32, 2)
		if err := f.Float32(name, got); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"z", "absent"} {
		if err := f.Float32(name, make([]float32, 1)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if err := f.Float32("x", make([]float32, 3)); err == nil {
		t.Error("two values were read as three")
	}
}

// All finite halves are (-1)^sign * 2^(exponent-25) * mantissa.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		sign, exponent, mantissa := h>>15, h>>10&31, h&1023
		want := math.Ldexp(float64(mantissa+1024), exponent-25)
		if exponent == 0 {
			want = math.Ldexp(float64(mantissa), -24)
		}
		if sign == 1 {
			want = math.Copysign(want, -1)
		}
		got := half(uint16(h))
		if exponent == 31 {
			if finite(got) {
				t.Fatalf("%#x is %v", h, got)
			}
		} else if float64(got) != want || math.Signbit(float64(got)) != (sign == 1) {
			t.Fatalf("%#x is %v, want %v", h, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	one := func(fields string) []byte { return file(`{"x":{`+fields+`}}`, make([]byte, 8)...) }
	huge := binary.LittleEndian.AppendUint64(nil, 1<<62)
	for name, c := range map[string]struct {
		data []byte
		why  string
	}{
		"empty":              {nil, "too few"},
		"no header":          {huge, "truncated"},
		"header beyond file": {file(`{"x":`)[:9], "truncated"},
		"not JSON":           {file(`[1]`), "no JSON object"},
		"space before":       {file(` {}`), "no JSON object"},
		"cut JSON":           {file(`{"x":{`), "truncated"},
		"after JSON":         {file(`{}{}`), "follows"},
		"duplicate":          {file(`{"x":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 0), "second time"},
		"duplicate inside":   {one(`"dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,8]`), "second time"},
		"unknown key":        {one(`"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1`), "unknown key"},
		"unknown type":       {one(`"dtype":"F33","shape":[2],"data_offsets":[0,8]`), "F33"},
		"null":               {one(`"dtype":"F32","shape":null,"data_offsets":[0,8]`), "null"},
		"negative":           {one(`"dtype":"F32","shape":[-2],"data_offsets":[0,8]`), "shape"},
		"fraction":           {one(`"dtype":"F32","shape":[2.5],"data_offsets":[0,8]`), "shape"},
		"overflow":           {one(`"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]`), "more than"},
		"other size":         {one(`"dtype":"F32","shape":[3],"data_offsets":[0,8]`), "more than"},
		"smaller":            {one(`"dtype":"F32","shape":[1],"data_offsets":[0,8]`), "takes 4 bytes"},
		"beyond":             {one(`"dtype":"F32","shape":[3],"data_offsets":[0,12]`), "do not lie"},
		"backwards":          {one(`"dtype":"F32","shape":[0],"data_offsets":[8,4]`), "do not lie"},
		"one offset":         {one(`"dtype":"F32","shape":[2],"data_offsets":[8]`), "do not lie"},
		"no offsets":         {one(`"dtype":"F32","shape":[2]`), "do not lie"},
		"not all":            {one(`"dtype":"F32","shape":[1],"data_offsets":[0,4]`), "end at 4 of 8"},
		"gap at the start":   {one(`"dtype":"F32","shape":[1],"data_offsets":[4,8]`), "begins at 4"},
		"gap":                {file(`{"x":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[],"data_offsets":[2,3]}}`, 0, 0, 0), "begins at 2"},
		"overlap":            {file(`{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 0, 0, 0), "begins at 1"},
		"metadata":           {file(`{"__metadata__":{"x":1}}`), "metadata"},
		"metadata list":      {file(`{"__metadata__":[]}`), "metadata"},
	} {
		if _, err := read(c.data); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want %q", name, err, c.why)
		}
	}
	f, err := read(file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0xc0, 0x7f))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Float32("x", make([]float32, 1)); err == nil || !strings.Contains(err.Error(), "not finite") {
		t.Errorf("NaN: %v", err)
	}
	for name, tensors := range map[string]map[string]Tensor{
		"NaN":      {"x": {[]int64{1}, []float32{float32(math.NaN())}}},
		"shape":    {"x": {[]int64{2}, []float32{1}}},
		"metadata": {metadataKey: {[]int64{1}, []float32{1}}},
	} {
		if _, err := Encode(nil, tensors); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

// check reads a file by the definition of the format and prints what it holds.
const check = `
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
header, values = json.loads(data[8:8 + n]), data[8 + n:]
print(json.dumps(header.pop("__metadata__")))
end = 0
for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    a, b = t["data_offsets"]
    assert a == end and t["dtype"] == "F32"
    end = b
    print(name, t["shape"], list(struct.unpack("<%df" % ((b - a) // 4), values[a:b])))
assert end == len(values)
`

func TestPythonReadsIt(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := Write(path, map[string]string{"format": "pt"}, map[string]Tensor{"w": {[]int64{2, 2}, []float32{1, 0.5, -0.25, 3}}, "b": {[]int64{1}, []float32{9}}}); err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command(python, "-c", check, path).CombinedOutput()
	want := fmt.Sprintln(`{"format": "pt"}`) + fmt.Sprintln("b [1] [9.0]") + fmt.Sprintln("w [2, 2] [1.0, 0.5, -0.25, 3.0]")
	if err != nil || strings.ReplaceAll(string(got), "\r", "") != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}

func FuzzRead(f *testing.F) {
	whole, err := Encode(map[string]string{"a": "b"}, map[string]Tensor{"x": {[]int64{2}, []float32{1, 2}}, "y": {nil, []float32{3}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(file(`{"x":{"dtype":"F16","shape":[1,0],"data_offsets":[0,0]}}`))
	f.Add(file(`{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}   `, 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := read(data)
		if err != nil {
			return
		}
		tensors := map[string]Tensor{}
		for _, name := range r.Names() {
			shape, _ := r.Shape(name)
			n := int64(1)
			for _, d := range shape {
				n *= d
			}
			if n > int64(len(data)) {
				t.Fatalf("%q: %d values in %d bytes", name, n, len(data))
			}
			values := make([]float32, n)
			if r.Float32(name, values) != nil {
				return
			}
			tensors[name] = Tensor{shape, values}
		}
		again, err := Encode(r.Metadata, tensors)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(again); err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
	})
}
