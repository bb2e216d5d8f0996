package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every package that begins its errors with its name is one that plain leaves out.
func TestPlain(t *testing.T) {
	says := regexp.MustCompile(`(?:Errorf|errors\.New)\("(\w+): `)
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range says.FindAllStringSubmatch(string(text), -1) {
			name := m[1]
			if filepath.Base(filepath.Dir(path)) != name {
				continue
			}
			found++
			if got := plain(fmt.Errorf("%s: too few", name)); got != "too few" {
				t.Errorf("%s: package %s is not left out: %q", path, name, got)
			}
		}
		return nil
	})
	if err != nil || found < 100 {
		t.Errorf("%d errors of packages, %v", found, err)
	}
	if got, want := plain(errors.New("evaluator: x.bin: nn: space: ../search: of 3")), "x.bin: ../search: of 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
