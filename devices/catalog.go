package devices

import (
	_ "embed"
	"fmt"

	"nas/internal/strictjson"
)

// Board is a device known from its datasheets: what an analytic model of its
// latency needs. Nobody measured it.
type Board struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Vendor         string   `json:"vendor"`
	CPU            string   `json:"cpu"`
	Arch           string   `json:"arch"`
	Level          string   `json:"level"` // of the kernels that suit it
	Cores          int      `json:"cores"`
	ClockHz        float64  `json:"clock_hz"`
	MACsPerCycle   float64  `json:"macs_per_cycle"` // int8 multiply-adds of one core at Level, at most
	Lanes          float64  `json:"lanes"`          // float32 operations a cycle of one core, at most
	L1Bytes        int64    `json:"l1_bytes"`
	L2Bytes        int64    `json:"l2_bytes"`
	L3Bytes        int64    `json:"l3_bytes"`
	MemoryBytes    int64    `json:"memory_bytes"`
	BandwidthBytes float64  `json:"bandwidth"` // of the memory in bytes a second, at most
	Sources        []string `json:"sources"`
}

//go:embed catalog/boards.json
var boardsFile []byte

// Boards is the catalogue.
func Boards() []Board {
	var file struct {
		Boards []Board `json:"boards"`
	}
	if err := strictjson.Decode(boardsFile, &file); err != nil {
		panic(fmt.Sprintf("devices: catalog/boards.json:%v", err)) // embedded: a test holds it
	}
	return file.Boards
}

// FindBoard is the board of an ID.
func FindBoard(id string) (Board, bool) {
	for _, b := range Boards() {
		if b.ID == id {
			return b, true
		}
	}
	return Board{}, false
}

// Profile describes b as Detect describes a machine.
func (b Board) Profile() Profile {
	p := Profile{Name: b.Name, CPU: CPU{Vendor: b.Vendor, Model: b.CPU, NominalHz: int64(b.ClockHz), Features: []string{}}, Caches: []Cache{},
		Cores: Cores{Physical: b.Cores, Logical: b.Cores, Usable: b.Cores}, Memory: Memory{Bytes: b.MemoryBytes}, OS: "linux", Arch: b.Arch,
		Provenance: Provenance{Kind: Modelled, Tool: "catalogue", Source: fmt.Sprint(b.Sources)}}
	for i, bytes := range []int64{b.L1Bytes, b.L2Bytes, b.L3Bytes} {
		if bytes > 0 {
			kind := "unified"
			if i == 0 {
				kind = "data"
			}
			p.Caches = append(p.Caches, Cache{Level: i + 1, Type: kind, Bytes: bytes})
		}
	}
	return p
}

// CacheAll is the size of the last cache.
func (b Board) CacheAll() int64 { return max(b.L2Bytes, b.L3Bytes) }
