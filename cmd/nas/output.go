package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"nas/internal/atomicfile"
	"nas/results"
)

// output is where and in which form a report goes.
type output struct {
	format string
	path   string
	all    bool
	front  int
}

func (o *output) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&o.format, "format", "f", results.Formats[0], "`form`: "+strings.Join(results.Formats, ", "))
	f.StringVarP(&o.path, "output", "o", "", "write to `file` (default: the terminal)")
	f.BoolVar(&o.all, "all", false, "show every member in a table, not a selection")
	f.IntVar(&o.front, "front", 0, "write so many members, well spread over the objectives (default: 24 in a table, all for machines)")
}

// check finds faults before the work.
func (o *output) check() error {
	if err := results.UnknownFormat(o.format); err != nil {
		return bad(err, "--format %s", results.Formats[0])
	}
	if o.front < 0 {
		return bad(fmt.Errorf("--front %d is below one", o.front), "--front 12 writes twelve members, --all every one")
	}
	if o.path != "" {
		return writable(o.path)
	}
	return nil
}

// write writes r as asked.
func (a *app) write(o *output, r *results.Report) error {
	return a.put(o, func(w io.Writer) error {
		return results.Write(w, o.format, r, results.Options{All: o.all, Front: o.front})
	})
}

// put writes what render writes, whole or not at all.
func (a *app) put(o *output, render func(io.Writer) error) error {
	var text bytes.Buffer
	if err := render(&text); err != nil {
		return err
	}
	if o.path == "" {
		if _, err := text.WriteTo(a.out); err != nil {
			return failed(err, "-o FILE writes to a file")
		}
		return nil
	}
	if err := atomicfile.Write(o.path, text.Bytes()); err != nil {
		return failed(err, "is there room on the disk?")
	}
	a.phase("wrote %s", o.path)
	return nil
}
