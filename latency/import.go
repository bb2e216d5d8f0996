package latency

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"

	"nas/space"
)

// ReadOps reads times of ops that another tool measured: CSV with a line of names,
// of which "op" (as nas devices ops prints it, such as "linear rows=128 n=768 k=768
// act=gelu bias") and "ns" (one run of it, nanoseconds) are required and others are
// refused. Errors have the line.
func ReadOps(r io.Reader) (map[space.Op]float64, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("1: an empty file; the first line is op,ns")
	}
	if err != nil {
		return nil, lineOf(err)
	}
	op, ns := -1, -1
	for i, name := range head {
		switch {
		case name == "op" && op < 0:
			op = i
		case name == "ns" && ns < 0:
			ns = i
		default:
			return nil, fmt.Errorf("1: column %.20q: the columns are op and ns, each once", name)
		}
	}
	if op < 0 || ns < 0 {
		return nil, errors.New("1: the columns are op and ns")
	}
	times := map[space.Op]float64{}
	for {
		record, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, lineOf(err)
		}
		line, _ := c.FieldPos(0)
		o, err := space.ParseOp(record[op])
		if err != nil {
			return nil, fmt.Errorf("%d: %w", line, err)
		}
		v, err := strconv.ParseFloat(record[ns], 64)
		if err != nil || !(v >= minTime && v <= maxTime) {
			return nil, fmt.Errorf("%d: %.20q is no time in ns", line, record[ns])
		}
		if _, twice := times[o]; twice {
			return nil, fmt.Errorf("%d: op %q for the second time", line, o)
		}
		if times[o] = v; len(times) > maxEntries {
			return nil, fmt.Errorf("%d: more than %d ops", line, maxEntries)
		}
	}
	if len(times) == 0 {
		return nil, errors.New("1: no op follows the line of names")
	}
	return times, nil
}

// lineOf puts the line of a CSV error first.
func lineOf(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%d: %w", parse.Line, parse.Err)
	}
	return err
}

// Imported is a table of times that another tool measured under conditions c.
func Imported(c Conditions, date string, times map[space.Op]float64) *Table {
	t := &Table{Conditions: c, Date: date, Spread: importedSpread, Reference: exactly(1)}
	ops := make([]space.Op, 0, len(times))
	for o := range times {
		ops = append(ops, o)
	}
	space.SortOps(ops)
	for _, o := range ops {
		t.Models = append(t.Models, Model{Ops: []OpEntry{{o, 1, exactly(times[o])}}})
	}
	return t
}

// importedSpread is that of sums of ops timed alone: see file1.go.
const importedSpread = spread1
