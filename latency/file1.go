package latency

import (
	"errors"
	"fmt"

	"nas/devices"
	"nas/internal/strictjson"
)

// Version 1 of a profile file held ops that were timed one by one.
type file1JSON struct {
	Format   string       `json:"format"`
	Version  int          `json:"version"`
	Checksum string       `json:"checksum"`
	Content  content1JSON `json:"content"`
}

type content1JSON struct {
	Device devices.Profile `json:"device"`
	Tables []table1JSON    `json:"tables"`
}

type table1JSON struct {
	Conditions struct {
		Device        string `json:"device"`
		Level         string `json:"level"`
		Threads       int    `json:"threads"`
		KernelVersion int    `json:"kernel_version"`
	} `json:"conditions"`
	Date      string    `json:"date"`
	Footprint int       `json:"footprint_bytes"`
	Overhead  float64   `json:"overhead_ns"`
	Reference op1JSON   `json:"reference"`
	Entries   []op1JSON `json:"entries"`
}

type op1JSON struct {
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

func (o op1JSON) time() timeJSON {
	return timeJSON{o.Floor, o.Median, o.Low, o.High, o.Rounds, o.Reached, o.Samples, 0}
}

func decode1(data []byte) (*File, error) {
	var file file1JSON
	if err := strictjson.Decode(data, &file); err != nil {
		return nil, err
	}
	if err := checkDevice(file.Content.Device, len(file.Content.Tables)); err != nil {
		return nil, err
	}
	if sum, err := checksum(file.Content); err != nil || sum != file.Checksum {
		return nil, errors.New(" the content does not match its checksum: the file was damaged or edited")
	}
	f := &File{Device: file.Content.Device}
	for _, j := range file.Content.Tables {
		c := j.Conditions
		if c.Device != f.Device.ID() {
			return nil, fmt.Errorf(" a table is of %q, the device is %q", c.Device, f.Device.ID())
		}
		to := tableJSON{Conditions: Conditions{Device: c.Device, Level: c.Level, Threads: c.Threads, KernelVersion: c.KernelVersion},
			Date: j.Date, Overhead: j.Overhead, Spread: spread1, Reference: j.Reference.time()}
		seen := map[string]bool{}
		for _, e := range j.Entries {
			if seen[e.Op] {
				return nil, fmt.Errorf(" op %q is listed twice", e.Op)
			}
			seen[e.Op] = true
			to.Models = append(to.Models, modelJSON{Ops: []opJSON{{e.Op, 1, e.time()}}})
		}
		t, err := to.table()
		if err != nil {
			return nil, err
		}
		f.Tables = append(f.Tables, t)
	}
	return f, nil
}

// spread1 is how far sums of ops that were timed alone were seen to be off: up to
// 21 %.
const spread1 = 0.19
