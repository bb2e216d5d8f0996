// Package devices says what a model runs on: a Profile describes a machine,
// Detect describes this one.
package devices

import (
	"fmt"
	"strings"

	"nas/internal/oneline"
)

// Kind says where a profile's figures come from.
type Kind string

const (
	Measured Kind = "measured" // on the device itself
	Modelled Kind = "modelled" // from datasheets
	// Calibrated is modelled, and moved onto a few measured figures.
	Calibrated Kind = "calibrated"
)

// Profile describes a device. Zero numbers and empty lists are unknown.
type Profile struct {
	Name       string     `json:"name"` // as its maker calls it, or its CPU
	CPU        CPU        `json:"cpu"`
	Caches     []Cache    `json:"caches"`
	Cores      Cores      `json:"cores"`
	Memory     Memory     `json:"memory"`
	OS         string     `json:"os"`
	Arch       string     `json:"arch"` // as Go names it: amd64, arm64, …
	Virtual    string     `json:"virtual,omitempty"`
	Provenance Provenance `json:"provenance"`
}

// CPU is the processor.
type CPU struct {
	Vendor    string   `json:"vendor"`
	Model     string   `json:"model"` // brand name, or implementer and part
	Family    int      `json:"family,omitempty"`
	Number    int      `json:"number,omitempty"` // model number of the family
	Stepping  int      `json:"stepping,omitempty"`
	NominalHz int64    `json:"nominal_hz,omitempty"`
	Features  []string `json:"features"`
}

// Cache is one cache as the first usable core sees it.
type Cache struct {
	Level    int    `json:"level"`
	Type     string `json:"type"` // data, instruction, unified
	Bytes    int64  `json:"bytes"`
	SharedBy int    `json:"shared_by,omitempty"` // logical cores
}

// Cores are counts of logical processors.
type Cores struct {
	Physical int     `json:"physical,omitempty"`
	Logical  int     `json:"logical"`
	Usable   int     `json:"usable"`          // by this process: affinity
	Quota    float64 `json:"quota,omitempty"` // CPUs by cgroup limit, 0: none
}

// Memory is in bytes.
type Memory struct {
	Bytes int64 `json:"bytes,omitempty"`
	Limit int64 `json:"limit,omitempty"` // of the cgroup, 0: none
}

// Provenance says how the profile came to be.
type Provenance struct {
	Kind   Kind   `json:"kind"`
	Date   string `json:"date"` // RFC 3339
	Tool   string `json:"tool"`
	Source string `json:"source,omitempty"` // of modelled figures
}

// ID names the kind of processor: what two machines must share for the one's
// figures to be of the other's kind.
func (p Profile) ID() string {
	id := strings.TrimSpace(p.CPU.Vendor + " " + p.CPU.Model)
	if p.CPU.Family > 0 {
		id += fmt.Sprintf(" (family %d model %d stepping %d)", p.CPU.Family, p.CPU.Number, p.CPU.Stepping)
	}
	return p.Arch + " " + id
}

// CacheBytes is the size of the cache of a level that holds data, 0 if unknown.
func (p Profile) CacheBytes(level int) int64 {
	for _, c := range p.Caches {
		if c.Level == level && c.Type != "instruction" {
			return c.Bytes
		}
	}
	return 0
}

// Validate reports what of a profile that was read cannot be.
func (p Profile) Validate() error {
	switch {
	case p.Name == "" || p.CPU.Model == "":
		return fmt.Errorf("devices: a profile has a name and a CPU model")
	case p.Provenance.Kind != Measured && p.Provenance.Kind != Modelled && p.Provenance.Kind != Calibrated:
		return fmt.Errorf("devices: provenance kind %.20q is neither measured nor modelled nor calibrated", p.Provenance.Kind)
	case p.Cores.Logical < 0 || p.Cores.Usable < 0 || p.Cores.Physical < 0 || p.Cores.Quota < 0 || p.Memory.Bytes < 0 || p.Memory.Limit < 0 || p.CPU.NominalHz < 0:
		return fmt.Errorf("devices: a count of cores, memory or clock is negative")
	case len(p.Caches) > 64 || len(p.CPU.Features) > 1024:
		return fmt.Errorf("devices: more caches or features than any CPU has")
	}
	v := p.Provenance
	for _, text := range append([]string{p.Name, p.OS, p.Arch, p.Virtual, p.CPU.Vendor, p.CPU.Model, v.Date, v.Tool, v.Source}, p.CPU.Features...) {
		if !Printable(text) {
			return fmt.Errorf("devices: %.40q is no text to describe a device with", text)
		}
	}
	for _, c := range p.Caches {
		if !Printable(c.Type) || c.Level < 1 || c.Level > 8 || c.Bytes < 0 || c.SharedBy < 0 {
			return fmt.Errorf("devices: cache of level %d and %d bytes", c.Level, c.Bytes)
		}
	}
	return nil
}

// maxText is the longest text of a profile in bytes.
const maxText = 1024

// Printable reports whether a text from outside may be put on a line of a terminal: it
// is not long and has no control characters.
func Printable(s string) bool {
	return len(s) <= maxText && oneline.Printable(s)
}
