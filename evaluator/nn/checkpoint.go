package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"nas/internal/atomicfile"
	"nas/internal/huge"
	"nas/internal/strictjson"
	"nas/space"
)

// A checkpoint is a line that names the format, a line of JSON, then parameters and
// both moments as little-endian float32, and the SHA-256 of all before it.
const (
	checkpointFormat = "nas training checkpoint 2\n"
	maxHeader        = 64 << 10
)

type checkpointHeader struct {
	Arch    space.Arch   `json:"arch"`
	Widened bool         `json:"widened"`
	Recipe  Recipe       `json:"recipe"`
	Form    SupernetForm `json:"form"`
	Step    int          `json:"step"`
	Curve   Curve        `json:"curve"`
	Data    string       `json:"data"` // the digest of the task
}

// Save writes the state of t to a file, whole or not at all.
func (t *Trainer) Save(path string) error {
	header, err := json.Marshal(checkpointHeader{t.Arch, t.Widened, t.Recipe, t.Form, t.Step(), t.Curve, t.data})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.Grow(len(checkpointFormat) + len(header) + 1 + 12*len(t.Params) + sha256.Size)
	b.WriteString(checkpointFormat)
	b.Write(header)
	b.WriteByte('\n')
	for _, values := range [][]float32{t.Params, t.optimiser.first, t.optimiser.second} {
		for _, v := range values {
			b.Write(binary.LittleEndian.AppendUint32(b.AvailableBuffer(), math.Float32bits(v)))
		}
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	return atomicfile.Write(path, b.Bytes())
}

// Load reads a state that Save wrote. The file must be as long as its architecture
// says before anything of that size is allocated.
func Load(path string, e *Exec[float32]) (*Trainer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := load(f, e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// ReadRecipe is how the network in a file that Save wrote is trained, without the
// rest.
func ReadRecipe(path string) (Recipe, SupernetForm, error) {
	f, err := os.Open(path)
	if err != nil {
		return Recipe{}, SupernetForm{}, err
	}
	defer f.Close()
	start, err := io.ReadAll(io.LimitReader(f, int64(len(checkpointFormat)+maxHeader)))
	if err != nil {
		return Recipe{}, SupernetForm{}, err
	}
	h, _, err := parseHeader(start)
	if err != nil {
		return Recipe{}, SupernetForm{}, fmt.Errorf("%s: %w", path, err)
	}
	return h.Recipe, h.Form, nil
}

// load reads a checkpoint from what knows its size.
func load(f interface {
	io.ReaderAt
	Stat() (os.FileInfo, error)
}, e *Exec[float32]) (*Trainer, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	start := make([]byte, min(info.Size(), int64(len(checkpointFormat)+maxHeader)))
	if _, err := f.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, err
	}
	h, at, err := parseHeader(start)
	if err != nil {
		return nil, err
	}
	tensors := layout(h.Arch, h.Widened)
	last := tensors[len(tensors)-1]
	n := last.Offset + last.Size()
	if want := int64(at) + 12*int64(n) + sha256.Size; info.Size() != want {
		return nil, fmt.Errorf("nn: checkpoint of %d bytes where %d belong: it is truncated or no checkpoint", info.Size(), want)
	}
	data := make([]byte, info.Size())
	if _, err := f.ReadAt(data, 0); err != nil {
		return nil, err
	}
	end := len(data) - sha256.Size
	if sum := sha256.Sum256(data[:end]); !bytes.Equal(sum[:], data[end:]) {
		return nil, errors.New("nn: checkpoint: the checksum is another: the file is damaged")
	}
	t := &Trainer{Model: &Model[float32]{Arch: h.Arch, Widened: h.Widened, Tensors: tensors, Params: huge.Make[float32](n), Grads: huge.Make[float32](n)}, Recipe: h.Recipe, Form: h.Form, Curve: h.Curve, data: h.Data}
	t.bind(e)
	t.optimiser.Step = h.Step
	data = data[at:end]
	for _, values := range [][]float32{t.Params, t.optimiser.first, t.optimiser.second} {
		for i := range values {
			if values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])); !finite(float64(values[i])) {
				return nil, errors.New("nn: checkpoint: a value is not finite")
			}
		}
		data = data[4*n:]
	}
	return t, nil
}

// parseHeader reads the first two lines; at is where the values begin.
func parseHeader(data []byte) (h checkpointHeader, at int, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(checkpointFormat))
	end := bytes.IndexByte(rest, '\n')
	if !ok || end < 0 || end > maxHeader {
		return h, 0, errors.New("nn: this is no training checkpoint of this version")
	}
	if err := strictjson.Decode(rest[:end], &h); err != nil {
		return h, 0, fmt.Errorf("nn: checkpoint: %w", err)
	}
	if err := h.Arch.Validate(); err != nil {
		return h, 0, fmt.Errorf("nn: checkpoint: %w", err)
	}
	if err := h.Recipe.Validate(h.Arch.Model); err != nil {
		return h, 0, fmt.Errorf("nn: checkpoint: %w", err)
	}
	if h.Step < 0 || h.Step > h.Recipe.Steps {
		return h, 0, fmt.Errorf("nn: checkpoint: step %d of %d", h.Step, h.Recipe.Steps)
	}
	if !h.Curve.valid(h.Step) {
		return h, 0, fmt.Errorf("nn: checkpoint: its learning curve is none of %d steps", h.Step)
	}
	return h, len(checkpointFormat) + end + 1, nil
}
