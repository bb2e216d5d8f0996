package space

import (
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

//go:embed spaces/*.yaml
var builtin embed.FS

// Names are the built-in spaces.
func Names() []string {
	entries, _ := builtin.ReadDir("spaces")
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Source is the YAML text of a built-in space by its name, or of a file by its path. A
// name with a dot or a slash is a path.
func Source(name string) ([]byte, error) {
	if !strings.ContainsAny(name, `./\`) {
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("space: %.60q: no built-in space of this name: there are %s", name, strings.Join(Names(), ", "))
		}
		return builtin.ReadFile("spaces/" + name + ".yaml")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("space: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("space: %w", err)
	}
	return data, nil
}

// Load reads the space that Source names.
func Load(name string) (*Space, error) {
	data, err := Source(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, data)
}
