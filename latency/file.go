package latency

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nas/devices"
	"nas/internal/atomicfile"
	"nas/internal/strictjson"
	"nas/space"
)

// Format and version of a profile file. Older versions are read: 2 lacks the error of
// the floors, for 1 see file1.go.
const (
	fileFormat  = "nas-profile"
	fileVersion = 3
	maxFile     = 64 << 20
	maxTables   = 64
)

// File is a device with its tables, one for each set of conditions measured there.
type File struct {
	Device devices.Profile
	Tables []*Table
}

type fileJSON struct {
	Format   string      `json:"format"`
	Version  int         `json:"version"`
	Checksum string      `json:"checksum"` // "sha256:" and hexadecimal digits, of content without white space
	Content  contentJSON `json:"content"`
}

type contentJSON struct {
	Device devices.Profile `json:"device"`
	Tables []tableJSON     `json:"tables"`
}

type tableJSON struct {
	Conditions Conditions  `json:"conditions"`
	Date       string      `json:"date"`
	Context    Context     `json:"context"`
	Pace       Pace        `json:"pace"`
	Overhead   float64     `json:"overhead_ns"` // where no whole models say
	Spread     float64     `json:"spread"`      // likewise: logarithm of the factor that holds 90 %
	Reference  timeJSON    `json:"reference"`
	Models     []modelJSON `json:"models"`
	Validation *Validation `json:"validation,omitempty"`
}

type modelJSON struct {
	Bytes int       `json:"streamed_bytes"`
	Whole *timeJSON `json:"whole,omitempty"`
	Ops   []opJSON  `json:"ops"`
}

type opJSON struct {
	Op    string   `json:"op"`
	Count int      `json:"steps"`
	Time  timeJSON `json:"time"`
}

type timeJSON struct {
	Floor   float64 `json:"floor_ns"`
	Median  float64 `json:"median_ns"`
	Low     float64 `json:"low_ns"`
	High    float64 `json:"high_ns"`
	Rounds  int     `json:"rounds"`
	Reached int     `json:"rounds_at_floor"`
	Samples int     `json:"samples"`
	Error   float64 `json:"floor_error,omitempty"`
}

// Bounds of a table that is read. A space has at most 20000 ops, and a prediction from
// so many entries takes some seconds.
const (
	maxEntries = 1 << 16 // of ops, over all models
	maxSteps   = 1 << 20
)

func (t *Table) json() tableJSON {
	j := tableJSON{t.Conditions, t.Date, t.Context, t.Pace, t.Overhead, t.Spread, timeJSON(t.Reference), []modelJSON{}, t.Validation}
	for i := range t.Models {
		m := &t.Models[i]
		mj := modelJSON{Bytes: m.Bytes, Ops: []opJSON{}}
		if m.Complete() {
			whole := timeJSON(m.Whole)
			mj.Whole = &whole
		}
		for _, o := range m.Ops {
			mj.Ops = append(mj.Ops, opJSON{o.Op.String(), o.Count, timeJSON(o.Entry)})
		}
		j.Models = append(j.Models, mj)
	}
	return j
}

// table holds every figure of j to what can be.
func (j *tableJSON) table() (*Table, error) {
	t := &Table{Conditions: j.Conditions, Date: j.Date, Context: j.Context, Pace: j.Pace, Overhead: j.Overhead, Spread: j.Spread, Reference: Entry(j.Reference), Validation: j.Validation}
	if t.Threads < 1 || !(t.Overhead >= 0 && t.Overhead <= maxTime) || !(t.Spread >= 0 && t.Spread <= widest) {
		return nil, fmt.Errorf(" a table of %d threads, overhead %v ns, spread %v", t.Threads, t.Overhead, t.Spread)
	}
	if !devices.Printable(t.Level) || !devices.Printable(t.Date) {
		return nil, fmt.Errorf(" a table of level %.40q, date %.40q", t.Level, t.Date)
	}
	if err := t.Context.validate(); err != nil {
		return nil, fmt.Errorf(" %w", err)
	}
	if err := t.Pace.validate(); err != nil {
		return nil, fmt.Errorf(" %w", err)
	}
	if t.Validation != nil {
		if err := t.Validation.validate(); err != nil {
			return nil, fmt.Errorf(" %w", err)
		}
	}
	if err := t.Reference.validate(); err != nil {
		return nil, fmt.Errorf(" reference: %w", err)
	}
	if len(j.Models) == 0 {
		return nil, errors.New(" a table without models")
	}
	entries := 0
	for i := range j.Models {
		if entries += len(j.Models[i].Ops); entries > maxEntries {
			return nil, fmt.Errorf(" a table of more than %d ops", maxEntries)
		}
		m, err := j.Models[i].model()
		if err != nil {
			return nil, fmt.Errorf(" model %d: %w", i+1, err)
		}
		t.Models = append(t.Models, m)
	}
	return t, nil
}

func (j *modelJSON) model() (Model, error) {
	m := Model{Bytes: j.Bytes}
	if m.Bytes < 0 || len(j.Ops) == 0 {
		return m, fmt.Errorf("%d ops, %d bytes", len(j.Ops), m.Bytes)
	}
	if j.Whole != nil {
		m.Whole = Entry(*j.Whole)
		if err := m.Whole.validate(); err != nil {
			return m, err
		}
	}
	seen := map[space.Op]bool{}
	for _, oj := range j.Ops {
		o, err := space.ParseOp(oj.Op)
		if err != nil {
			return m, err
		}
		e := OpEntry{o, oj.Count, Entry(oj.Time)}
		if err := e.validate(); err != nil {
			return m, fmt.Errorf("op %q: %w", oj.Op, err)
		}
		if seen[o] || e.Count < 1 || e.Count > maxSteps {
			return m, fmt.Errorf("op %q is listed twice, or for %d steps", oj.Op, e.Count)
		}
		seen[o] = true
		m.Ops = append(m.Ops, e)
	}
	return m, nil
}

// Encode is the text of a profile file.
func (f *File) Encode() ([]byte, error) {
	content := contentJSON{Device: f.Device}
	for _, t := range f.Tables {
		content.Tables = append(content.Tables, t.json())
	}
	sum, err := checksum(content)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(fileJSON{fileFormat, fileVersion, sum, content})
	if err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	// One line a model: large files stay readable and comparable.
	for _, key := range []string{`{"streamed_bytes"`, `"content"`, `{"conditions"`, `{"op"`} {
		data = bytes.ReplaceAll(data, []byte(key), []byte("\n"+key))
	}
	return append(data, '\n'), nil
}

// Write writes f to path, whole or not at all.
func (f *File) Write(path string) error {
	data, err := f.Encode()
	if err != nil {
		return err
	}
	return atomicfile.Write(path, data)
}

// checksum is over the compact form, which a file that was read has again.
func checksum(content any) (string, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("latency: %w", err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Read reads a profile file and holds every figure of it to what can be.
func Read(path string) (*File, error) {
	data, err := strictjson.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	f, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("latency: %s:%w", path, err)
	}
	return f, nil
}

// Decode reads the text of a profile file. Errors begin with the place in it.
func Decode(data []byte) (*File, error) {
	// The version first: another one may look different inside.
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(data, &head) == nil && head.Format == fileFormat {
		switch {
		case head.Version > fileVersion:
			return nil, fmt.Errorf(" the profile is of version %d, this nas reads up to %d", head.Version, fileVersion)
		case head.Version == 1:
			return decode1(data)
		}
	}
	var file fileJSON
	if err := strictjson.Decode(data, &file); err != nil {
		return nil, err
	}
	if file.Format != fileFormat || file.Version != fileVersion && file.Version != 2 {
		return nil, fmt.Errorf(" format %.20q version %d is no device profile (%q version %d)", file.Format, file.Version, fileFormat, fileVersion)
	}
	f, err := file.Content.file()
	if err != nil {
		return nil, err
	}
	if sum, err := checksum(file.Content); err != nil || sum != file.Checksum {
		return nil, errors.New(" the content does not match its checksum: the file was damaged or edited")
	}
	return f, nil
}

func (c *contentJSON) file() (*File, error) {
	if err := checkDevice(c.Device, len(c.Tables)); err != nil {
		return nil, err
	}
	f := &File{Device: c.Device}
	for i := range c.Tables {
		t, err := c.Tables[i].table()
		if err != nil {
			return nil, err
		}
		if t.Device != f.Device.ID() {
			return nil, fmt.Errorf(" a table is of %q, the device is %q", t.Device, f.Device.ID())
		}
		f.Tables = append(f.Tables, t)
	}
	return f, nil
}

func checkDevice(d devices.Profile, tables int) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf(" %s", strings.TrimPrefix(err.Error(), "devices: "))
	}
	if tables == 0 || tables > maxTables {
		return fmt.Errorf(" %d tables; a profile has 1 to %d", tables, maxTables)
	}
	return nil
}

// Table is the table of f for a workload, measured at a level (empty: any) with so
// many threads; the newest of several, nil if there is none. A table that says
// nothing of its workload, as those of version 1, is for any.
func (f *File) Table(level string, threads int, w space.Workload) *Table {
	var found *Table
	for _, t := range f.Tables {
		fits := t.Workload == space.Workload{} || sameWorkload(t.Workload, w)
		if fits && t.Threads == threads && (level == "" || t.Level == level) && (found == nil || t.Date > found.Date) {
			found = t
		}
	}
	return found
}
