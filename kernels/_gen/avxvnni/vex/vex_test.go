// Package vex checks the instruction bytes of the emitted kernels.
package vex

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestBytes disassembles every instruction that the committed kernels give as bytes
// and compares it with its comment.
func TestBytes(t *testing.T) {
	objdump, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip("needs objdump")
	}
	source, err := os.ReadFile("../../../avxvnni_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	var code []byte
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\t((?:BYTE \$0x[0-9a-f]{2}; )+)// (.*)$`).FindAllStringSubmatch(string(source), -1) {
		for _, b := range regexp.MustCompile(`0x[0-9a-f]{2}`).FindAllString(m[1], -1) {
			v, err := strconv.ParseUint(b, 0, 8)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, byte(v))
		}
		want = append(want, m[2])
	}
	if len(want) == 0 || 5*len(want) != strings.Count(string(source), "BYTE") {
		t.Fatalf("%d instructions for %d bytes, want five each", len(want), strings.Count(string(source), "BYTE"))
	}
	raw := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(raw, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "i386:x86-64", raw).Output()
	if err != nil {
		t.Skipf("this objdump does not disassemble x86-64: %v", err)
	}
	got := regexp.MustCompile(`(?m)^ +[0-9a-f]+:\t(?:[0-9a-f]{2} )+ *\t(.*)$`).FindAllStringSubmatch(string(out), -1)
	if len(got) != len(want) {
		t.Fatalf("objdump shows %d instructions of %d", len(got), len(want))
	}
	for i, m := range got {
		if text := strings.Join(strings.Fields(m[1]), " "); text != want[i] {
			t.Errorf("instruction %d is %q, want %q", i, text, want[i])
		}
	}
}
