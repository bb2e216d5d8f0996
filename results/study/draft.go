package study

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// draftOf is a new name for the file that is to become the study at path.
func draftOf(path string) string {
	return fmt.Sprintf("%s.%d-%x.draft", path, os.Getpid(), rand.Uint64())
}

// clearDrafts removes what processes that are gone had begun to create at path.
func clearDrafts(path string) {
	folder := filepath.Dir(path)
	files, _ := os.ReadDir(folder) // where it cannot be read nothing is cleared
	for _, f := range files {
		rest, ok := strings.CutPrefix(f.Name(), filepath.Base(path)+".")
		var pid int
		var number uint64
		var suffix string
		if n, _ := fmt.Sscanf(rest, "%d-%x.%s", &pid, &number, &suffix); ok && n == 3 && strings.HasPrefix(suffix, "draft") && gone(pid) {
			os.Remove(filepath.Join(folder, f.Name()))
		}
	}
}
