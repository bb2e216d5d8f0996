package latency

import (
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

// Format and version of a profile file.
const (
	fileFormat  = "nas-profile"
	fileVersion = 1
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
	Footprint  int         `json:"footprint_bytes"`
	Overhead   float64     `json:"overhead_ns"`
	Reference  entryJSON   `json:"reference"`
	Entries    []entryJSON `json:"entries"`
}

type entryJSON struct {
	Op      string  `json:"op"`
	Floor   float64 `json:"floor_ns"`
	Third   float64 `json:"third_ns"`
	Median  float64 `json:"median_ns"`
	Low     float64 `json:"low_ns"`
	High    float64 `json:"high_ns"`
	Rounds  int     `json:"rounds"`
	Reached int     `json:"rounds_at_floor"`
	Samples int     `json:"samples"`
}

func toJSON(o space.Op, e Entry) entryJSON {
	return entryJSON{o.String(), e.Floor, e.Third, e.Median, e.Low, e.High, e.Rounds, e.Reached, e.Samples}
}

func (e entryJSON) entry() (space.Op, Entry, error) {
	o, err := space.ParseOp(e.Op)
	if err != nil {
		return o, Entry{}, err
	}
	entry := Entry{e.Floor, e.Third, e.Median, e.Low, e.High, e.Rounds, e.Reached, e.Samples}
	if err := entry.validate(); err != nil {
		return o, entry, fmt.Errorf("op %q: %w", e.Op, err)
	}
	return o, entry, nil
}

// Write writes f to path, whole or not at all.
func (f *File) Write(path string) error {
	content := contentJSON{Device: f.Device}
	for _, t := range f.Tables {
		table := tableJSON{t.Conditions, t.Date, t.Footprint, t.Overhead, toJSON(ReferenceOp(), t.Reference), []entryJSON{}}
		for _, o := range t.Ops() {
			table.Entries = append(table.Entries, toJSON(o, t.Entries[o]))
		}
		content.Tables = append(content.Tables, table)
	}
	sum, err := content.checksum()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(fileJSON{fileFormat, fileVersion, sum, content}, "", " ")
	if err != nil {
		return fmt.Errorf("latency: %w", err)
	}
	return atomicfile.Write(path, append(data, '\n'))
}

// checksum is over the compact form, which a file that was read has again.
func (c contentJSON) checksum() (string, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("latency: %w", err)
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Parse reads the text of a profile file, as Read does.
func Parse(data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	return f, nil
}

// Read reads a profile file and holds every figure of it to what can be.
func Read(path string) (*File, error) {
	data, err := strictjson.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("latency: %s:%w", path, err)
	}
	return f, nil
}

func parse(data []byte) (*File, error) {
	// The version first: a newer file may look different inside.
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(data, &head) == nil && head.Format == fileFormat && head.Version > fileVersion {
		return nil, fmt.Errorf(" the profile is of version %d, this nas reads up to %d", head.Version, fileVersion)
	}
	var file fileJSON
	if err := strictjson.Decode(data, &file); err != nil {
		return nil, err
	}
	if file.Format != fileFormat || file.Version != fileVersion {
		return nil, fmt.Errorf(" format %.20q version %d is no device profile (%q version %d)", file.Format, file.Version, fileFormat, fileVersion)
	}
	f, err := file.Content.file()
	if err != nil {
		return nil, err
	}
	if sum, err := file.Content.checksum(); err != nil || sum != file.Checksum {
		return nil, errors.New(" the content does not match its checksum: the file was damaged or edited")
	}
	return f, nil
}

func (c contentJSON) file() (*File, error) {
	if err := c.Device.Validate(); err != nil {
		return nil, fmt.Errorf(" %s", strings.TrimPrefix(err.Error(), "devices: "))
	}
	if len(c.Tables) == 0 || len(c.Tables) > maxTables {
		return nil, fmt.Errorf(" %d tables; a profile has 1 to %d", len(c.Tables), maxTables)
	}
	f := &File{Device: c.Device}
	for _, table := range c.Tables {
		t := &Table{Conditions: table.Conditions, Date: table.Date, Footprint: table.Footprint, Overhead: table.Overhead, Entries: map[space.Op]Entry{}}
		if t.Device != f.Device.ID() {
			return nil, fmt.Errorf(" a table is of %q, the device is %q", t.Device, f.Device.ID())
		}
		if t.Threads < 1 || t.Overhead < 0 || t.Footprint < 0 {
			return nil, fmt.Errorf(" a table of %d threads, overhead %v ns, footprint %d bytes", t.Threads, t.Overhead, t.Footprint)
		}
		_, reference, err := table.Reference.entry()
		if err != nil {
			return nil, fmt.Errorf(" reference: %w", err)
		}
		t.Reference = reference
		for _, e := range table.Entries {
			o, entry, err := e.entry()
			if err != nil {
				return nil, fmt.Errorf(" %w", err)
			}
			if _, twice := t.Entries[o]; twice {
				return nil, fmt.Errorf(" op %q is listed twice", e.Op)
			}
			t.Entries[o] = entry
		}
		if len(t.Entries) == 0 {
			return nil, fmt.Errorf(" a table has no entries")
		}
		f.Tables = append(f.Tables, t)
	}
	return f, nil
}

// Table is the table of f measured at a level (empty: the best one there) with so
// many threads; nil if there is none.
func (f *File) Table(level string, threads int) *Table {
	var found *Table
	for _, t := range f.Tables {
		if t.Threads == threads && (level == "" || t.Level == level) && (found == nil || t.Date > found.Date) {
			found = t
		}
	}
	return found
}
