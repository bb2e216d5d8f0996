package devices

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	p := Detect("test")
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	if p.Arch != runtime.GOARCH || p.Cores.Usable < 1 || p.Cores.Logical < 1 {
		t.Errorf("got %+v", p)
	}
	if runtime.GOOS == "linux" && p.Memory.Bytes < 1<<20 {
		t.Errorf("memory of %d bytes", p.Memory.Bytes)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Profile
	if err := json.Unmarshal(data, &back); err != nil || back.ID() != p.ID() {
		t.Errorf("round trip: %v, %q and %q", err, p.ID(), back.ID())
	}
	t.Logf("%s", data)
}

func TestValidateRefuses(t *testing.T) {
	for want, change := range map[string]func(*Profile){
		"name":                func(p *Profile) { p.CPU.Model = "" },
		"neither":             func(p *Profile) { p.Provenance.Kind = "guessed" },
		"negative":            func(p *Profile) { p.Memory.Bytes = -1 },
		"cache of":            func(p *Profile) { p.Caches = []Cache{{Level: 0, Bytes: 4}} },
		"no text":             func(p *Profile) { p.Name = "board\x1b[2J" },
		"no text to describe": func(p *Profile) { p.CPU.Vendor = strings.Repeat("x", 5000) },
		"more":                func(p *Profile) { p.Caches = make([]Cache, 1000) },
	} {
		p := Detect("test")
		change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
