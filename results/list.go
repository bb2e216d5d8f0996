package results

import (
	"fmt"
	"io"
)

// List is a result in words and figures that is no front: lines, a table, lines.
type List struct {
	Above   []string
	Columns []Column
	Rows    [][]string // a cell a column
	Below   []string
}

// Column of a List; numbers stand at the right.
type Column struct {
	Header string
	Number bool
}

// Write writes l as table or md.
func (l *List) Write(w io.Writer, format string) error {
	g := grid{rows: l.Rows}
	for _, c := range l.Columns {
		g.header, g.right = append(g.header, c.Header), append(g.right, c.Number)
	}
	s := sheet{above: l.Above, grids: []grid{g}, below: l.Below}
	switch format {
	case "table":
		return s.writeTerminal(w)
	case "md":
		return s.writeMarkdown(w)
	}
	return fmt.Errorf("results: format %.20q: a list is written as table or md", format)
}
