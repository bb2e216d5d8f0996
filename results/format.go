package results

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Options of what is written.
type Options struct {
	All   bool // every member, not a selection
	Front int  // so many members, well spread; 0: some in the forms for people, all in those for machines
	Width int  // of the terminal that a table is for, in characters; 0: as wide as it is
}

// Formats are the names that Write takes.
var Formats = []string{"table", "md", "csv", "json", "latex", "svg", "png"}

// Write writes r in a format.
func Write(w io.Writer, format string, r *Report, o Options) error {
	switch format {
	case "table":
		s := r.sheet(o)
		if o.Width > 0 {
			s = s.narrow(o.Width)
		}
		return s.writeTerminal(w)
	case "md":
		return r.sheet(o).writeMarkdown(w)
	case "csv":
		return WriteCSV(w, r.selected(o))
	case "json":
		return WriteJSON(w, r.selected(o))
	case "latex":
		return WriteLaTeX(w, r, o)
	case "svg":
		return WriteSVG(w, NewFigure(r.selected(o)))
	case "png":
		return WritePNG(w, NewFigure(r.selected(o)))
	}
	return fmt.Errorf("results: unknown format %.20q: one of %s", format, strings.Join(Formats, ", "))
}

// scale is a unit for people.
type scale struct {
	name   string
	factor float64
}

var (
	byteScales  = []scale{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}
	timeScales  = []scale{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}, {"ns", 1}}
	countScales = []scale{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}, {"", 1}}
)

// fit is the largest unit that is not larger than v.
func fit(scales []scale, v float64) scale {
	for _, s := range scales {
		if v >= s.factor {
			return s
		}
	}
	return scales[len(scales)-1]
}

func digits(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// fixed is v to four significant digits, without an exponent.
func (s scale) fixed(v float64) string {
	v /= s.factor
	decimals := 3
	for limit := 10.0; decimals > 0 && v >= limit; limit *= 10 {
		decimals--
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Bytes is a size for people: 8 MiB.
func Bytes(n int64) string {
	s := fit(byteScales, float64(n))
	return digits(float64(n)/s.factor) + " " + s.name
}

// Duration is a time for people: 1.25 ms.
func Duration(ns float64) string { s := fit(timeScales, ns); return digits(ns/s.factor) + " " + s.name }

// short is a round number for an axis: 200k.
func short(n float64) string {
	s := fit(countScales, math.Abs(n))
	return digits(n/s.factor) + s.name
}

// Count is a number for people: 3.200M.
func Count(n float64) string {
	s := fit(countScales, n)
	switch {
	case n >= 1000*countScales[0].factor:
		return digits(n)
	case s.factor == 1:
		return digits(n)
	}
	return s.fixed(n) + s.name
}
