package results

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// grid is a table of text: what is drawn, before it is drawn.
type grid struct {
	header []string
	right  []bool // alignment of numbers
	rows   [][]string
}

// row begins a row; number and words fill it cell by cell, the first row making the
// header.
func (g *grid) row()                        { g.rows = append(g.rows, nil) }
func (g *grid) number(header, value string) { g.cell(header, value, true) }
func (g *grid) words(header, value string)  { g.cell(header, value, false) }

func (g *grid) cell(header, value string, right bool) {
	if len(g.rows) == 1 {
		g.header, g.right = append(g.header, header), append(g.right, right)
	}
	last := len(g.rows) - 1
	g.rows[last] = append(g.rows[last], value)
}

// sheet is a text for people: lines, grids, lines.
type sheet struct {
	above []string
	grids []grid
	below []string
}

// writeTerminal draws s for a terminal.
func (s sheet) writeTerminal(w io.Writer) error {
	var b bytes.Buffer
	err := s.write(&b, func(text string) string { return text }, func(g grid) error {
		return render(tablewriter.NewTable(&b, tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off}},
		}))), g)
	})
	if err != nil {
		return err
	}
	_, err = w.Write(trailing.ReplaceAll(b.Bytes(), []byte("\n")))
	return err
}

// trailing is what pads the last column.
var trailing = regexp.MustCompile(` +\n`)

// writeMarkdown draws s as Markdown.
func (s sheet) writeMarkdown(w io.Writer) error {
	return s.write(w, func(text string) string { return "- " + escape(text) }, func(g grid) error {
		rows := make([][]string, len(g.rows))
		for i, row := range g.rows {
			for _, cell := range row {
				rows[i] = append(rows[i], escape(cell))
			}
		}
		return render(tablewriter.NewTable(w, tablewriter.WithRenderer(renderer.NewMarkdown())), grid{g.header, g.right, rows})
	})
}

func (s sheet) write(w io.Writer, line func(string) string, table func(grid) error) error {
	var b strings.Builder
	for _, text := range s.above {
		fmt.Fprintln(&b, line(text))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	for i, g := range s.grids {
		if len(g.rows) == 0 {
			continue
		}
		if i > 0 || len(s.above) > 0 {
			io.WriteString(w, "\n")
		}
		if err := table(g); err != nil {
			return err
		}
	}
	b.Reset()
	for i, text := range s.below {
		if i == 0 {
			fmt.Fprintln(&b)
		}
		fmt.Fprintln(&b, line(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var markdown = strings.NewReplacer(`\`, `\\`, "|", `\|`, "~", `\~`, "*", `\*`, "_", `\_`, "<", `\<`, "`", "\\`", "\n", " ")

func escape(s string) string { return markdown.Replace(s) }

func render(t *tablewriter.Table, g grid) error {
	align := make([]tw.Align, len(g.right))
	for i, right := range g.right {
		if align[i] = tw.AlignLeft; right {
			align[i] = tw.AlignRight
		}
	}
	t.Configure(func(c *tablewriter.Config) {
		c.Header.Formatting.AutoFormat = tw.Off
		c.Header.Formatting.AutoWrap, c.Row.Formatting.AutoWrap = tw.WrapNone, tw.WrapNone
		c.Header.Alignment.PerColumn, c.Row.Alignment.PerColumn = align, align
	})
	t.Header(g.header)
	if err := t.Bulk(g.rows); err != nil {
		return err
	}
	return t.Render()
}
