package results

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// spare are the columns of a front that a narrow terminal can do without, by the first
// word of their headers, the most easily spared first.
var spare = []string{"weights", "arena", "kv", "flash", "interval", "params", "head"}

// narrow leaves columns out of s until it is no wider than width, or none can be spared,
// and says which.
func (s sheet) narrow(width int) sheet {
	s.grids = slices.Clone(s.grids)
	var out []string
	for _, name := range spare {
		if s.width() <= width {
			break
		}
		for i, g := range s.grids {
			for at := len(g.header) - 1; at >= 0; at-- {
				if first, _, _ := strings.Cut(g.header[at], " "); first != name {
					continue
				}
				if !slices.Contains(out, g.header[at]) {
					out = append(out, g.header[at])
				}
				g = g.without(at)
			}
			s.grids[i] = g
		}
	}
	if len(out) > 0 {
		s.below = append(slices.Clone(s.below), fmt.Sprintf("narrow   a wider terminal, or --format md, shows also: %s", strings.Join(out, ", ")))
	}
	return s
}

// width is that of the widest grid, in characters.
func (s sheet) width() (widest int) {
	for _, g := range s.grids {
		total := 0
		for at := range g.header {
			w := utf8.RuneCountInString(g.header[at])
			for _, row := range g.rows {
				w = max(w, utf8.RuneCountInString(row[at]))
			}
			total += w + 2 // a space at each side
		}
		widest = max(widest, total)
	}
	return widest
}

// without is g without a column.
func (g grid) without(at int) grid {
	rest := grid{header: slices.Delete(slices.Clone(g.header), at, at+1), right: slices.Delete(slices.Clone(g.right), at, at+1)}
	for _, row := range g.rows {
		rest.rows = append(rest.rows, slices.Delete(slices.Clone(row), at, at+1))
	}
	return rest
}
