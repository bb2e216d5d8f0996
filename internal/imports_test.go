// Package internal holds the test of which package may import which.
package internal

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed is the direction of imports inside the module: ground at the top, the
// command at the bottom. Packages of internal/ other than the engine are open to
// all and import none of these.
var allowed = map[string][]string{
	"space":           {},
	"kernels":         {},
	"devices":         {},
	"internal/engine": {"space", "kernels"},
	"latency":         {"space", "devices", "kernels", "internal/engine"},
	"evaluator":       {"space", "kernels", "internal/engine"},
	"search":          {"space"},
	"results":         {"space", "search", "devices"},
	"results/study":   {"space", "search", "devices", "results"},
}

func TestImportsPointOneWay(t *testing.T) {
	for from, may := range allowed {
		out, err := exec.Command("go", "list", "-deps", "nas/"+from).CombinedOutput()
		if err != nil {
			t.Fatalf("go list -deps nas/%s: %v\n%s", from, err, out)
		}
		for _, dep := range strings.Fields(string(out)) {
			name, ours := strings.CutPrefix(dep, "nas/")
			if _, guarded := allowed[name]; ours && guarded && name != from && !slices.Contains(may, name) {
				t.Errorf("%s imports %s; it may import %v", from, name, may)
			}
		}
	}
}
