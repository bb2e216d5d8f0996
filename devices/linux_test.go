//go:build linux

package devices

import (
	"runtime"
	"slices"
	"testing"
)

func TestParseList(t *testing.T) {
	for text, want := range map[string][]int{"0": {0}, "0-2,5": {0, 1, 2, 5}, "3-1": nil, "": nil, "x": nil, "0-99999999": nil} {
		if got := parseList(text); !slices.Equal(got, want) {
			t.Errorf("parseList(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestArmModel(t *testing.T) {
	const pi = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nprocessor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd05\n"
	if vendor, model := armModel(pi); vendor != "ARM" || model != "Cortex-A76 + Cortex-A55" {
		t.Errorf("got %q %q", vendor, model)
	}
	if vendor, model := armModel("CPU implementer : 0x99\nCPU part : 0x001\n"); vendor != "implementer 0x99" || model != "part 0x001" {
		t.Errorf("got %q %q", vendor, model)
	}
}

func TestPinRestores(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := usable()
	restore, err := Pin()
	if err != nil {
		t.Skip("pinning is not allowed here: ", err)
	}
	if got := usable(); len(got) != 1 {
		t.Errorf("pinned to %v", got)
	}
	restore()
	if got := usable(); !slices.Equal(got, before) {
		t.Errorf("restored to %v, was %v", got, before)
	}
}
