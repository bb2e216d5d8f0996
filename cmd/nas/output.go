package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nas/internal/atomicfile"
	"nas/results"
)

// output is where and in which form a report goes.
type output struct {
	formats []string // nil: those of a front
	format  string
	path    string
	all     bool
	front   int
}

// compared are the forms of scores and of what holds things against each other.
var compared = []string{"table", "md", "json"}

func (o *output) flags(c *cobra.Command) {
	f := c.Flags()
	if o.formats == nil {
		o.formats = results.Formats
		f.BoolVar(&o.all, "all", false, "show every member in a table, not a selection")
		f.IntVar(&o.front, "front", 0, "write so many members, well spread over the objectives (default: 24 in a table, all for machines)")
	}
	f.StringVarP(&o.format, "format", "f", "", "`form`: "+strings.Join(o.formats, ", ")+" (default: as the file's name ends, else "+o.formats[0]+")")
	f.StringVarP(&o.path, "output", "o", "", "write to `file` (default, and -: standard output)")
}

// endings are how files of a form are also called.
var endings = map[string]string{"tex": "latex", "markdown": "md"}

// check finds faults before the work.
func (o *output) check() error {
	if o.format == "" {
		o.format = o.formats[0]
		ending := strings.TrimPrefix(filepath.Ext(o.path), ".")
		if named, ok := endings[ending]; ok {
			ending = named
		}
		switch {
		case slices.Contains(o.formats, ending):
			o.format = ending
		case ending == "html":
			return bad(fmt.Errorf("-o %s: a page is no format", o.path), "nas report front.json -o %s writes one", o.path)
		case ending != "" && ending != "txt":
			return bad(fmt.Errorf("-o %s: no format is called %s: there are %s", o.path, ending, strings.Join(o.formats, ", ")), "--format %s writes that, whatever the file is called", o.formats[0])
		}
	}
	if !slices.Contains(o.formats, o.format) {
		return bad(fmt.Errorf("unknown format %.20q: one of %s", o.format, strings.Join(o.formats, ", ")), "--format %s", o.formats[0])
	}
	if o.front < 0 {
		return bad(fmt.Errorf("--front %d is below one", o.front), "--front 12 writes twelve members, --all every one")
	}
	return writable(o.path)
}

// write writes r as asked.
func (a *app) write(o *output, r *results.Report) error {
	if o.format == "png" && toStdout(o.path) && a.width > 0 {
		return bad(errors.New("a terminal does not show a PNG"), "-o front.png writes it to a file")
	}
	return a.put(o, func(w io.Writer) error {
		wide := 0
		if toStdout(o.path) {
			wide = a.width
		}
		return results.Write(w, o.format, r, results.Options{All: o.all, Front: o.front, Width: wide})
	})
}

// toStdout reports whether a file of --output is standard output.
func toStdout(path string) bool { return path == "" || path == "-" }

// put writes what render writes, to the file whole or not at all. What has no room there
// goes to standard output: it may have taken hours.
func (a *app) put(o *output, render func(io.Writer) error) error {
	var text bytes.Buffer
	if err := render(&text); err != nil {
		return err
	}
	if toStdout(o.path) {
		_, err := text.WriteTo(a.out)
		return err
	}
	if err := atomicfile.Write(o.path, text.Bytes()); err != nil {
		const hint = "is there room on the disk?"
		if o.format == "png" && a.width > 0 { // a terminal shows none
			o.format = "json"
			text.Reset()
			if drawn := render(&text); drawn != nil {
				return drawn
			}
		}
		if _, lost := text.WriteTo(a.out); lost != nil {
			return failed(err, hint)
		}
		return failed(fmt.Errorf("%w; the result went to standard output", err), hint)
	}
	a.phase("wrote %s", o.path)
	return nil
}

// keepable tells before the work whether what is kept at path, the value of a flag, can be.
func keepable(flag, path string) error {
	if path == "-" {
		return bad(fmt.Errorf("--%s takes a file, not standard output", flag), "--%s ./- is a file of that name", flag)
	}
	return writable(path)
}

// writable tells before the work whether a result can be written.
func writable(path string) error {
	if toStdout(path) {
		return nil
	}
	if err := atomicfile.CheckWritable(path); err != nil {
		return bad(err, "choose a path in a folder that exists and may be written")
	}
	return nil
}
