// Package words checks the instruction words of the emitted kernels.
package words

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestWords disassembles every word of the committed kernels and compares it with
// its comment.
func TestWords(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("needs aarch64-linux-gnu-objdump")
	}
	files, err := filepath.Glob("../../../*_arm64.s")
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Base(f) == "prefetch_arm64.s" }) // without words
	if err != nil || len(files) != 7 {
		t.Fatalf("found the kernels %q, %v; want seven files with words", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { check(t, objdump, file) })
	}
}

func check(t *testing.T, objdump, file string) {
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var code []byte
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\tWORD \$(0x[0-9a-f]{8}) // (.*)$`).FindAllStringSubmatch(string(source), -1) {
		word, err := strconv.ParseUint(m[1], 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		code = binary.LittleEndian.AppendUint32(code, uint32(word))
		want = append(want, m[2])
	}
	if len(want) == 0 || len(want) != strings.Count(string(source), "WORD") {
		t.Fatalf("%d of %d words have a comment", len(want), strings.Count(string(source), "WORD"))
	}
	raw := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(raw, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-z", "-b", "binary", "-m", "aarch64", raw).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`(?m)^ +[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$`).FindAllStringSubmatch(string(out), -1)
	if len(got) != len(want) {
		t.Fatalf("objdump shows %d instructions of %d", len(got), len(want))
	}
	for i, m := range got {
		if text := strings.Join(strings.Fields(m[1]), " "); text != want[i] {
			t.Errorf("word %d is %q, want %q", i, text, want[i])
		}
	}
}
