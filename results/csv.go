package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"nas/internal/oneline"
	"nas/internal/strictjson"
)

// column is one column of the CSV form.
type column struct {
	name string
	get  func(*Candidate) string
	set  func(*Candidate, string) error
}

var columns = []column{
	text("name", func(c *Candidate) *string { return &c.Name }),
	integer("params", func(c *Candidate) *int64 { return &c.Params }),
	integer("params_nonembedding", func(c *Candidate) *int64 { return &c.ParamsNonEmbedding }),
	integer("memory_bytes", func(c *Candidate) *int64 { return &c.MemoryBytes }),
	integer("weights_bytes", func(c *Candidate) *int64 { return &c.WeightsBytes }),
	integer("arena_bytes", func(c *Candidate) *int64 { return &c.ArenaBytes }),
	integer("kv_bytes", func(c *Candidate) *int64 { return &c.KVBytes }),
	integer("flash_bytes", func(c *Candidate) *int64 { return &c.FlashBytes }),
	number("latency_ns", func(c *Candidate) *float64 { return &c.LatencyNS }),
	number("latency_ns_low", func(c *Candidate) *float64 { return &c.LatencyLow }),
	number("latency_ns_high", func(c *Candidate) *float64 { return &c.LatencyHigh }),
	text("latency_kind", func(c *Candidate) *Kind { return &c.LatencyKind }),
	number("score", func(c *Candidate) *float64 { return &c.Score }),
	number("score_resolution", func(c *Candidate) *float64 { return &c.ScoreResolution }),
	truth("tie", func(c *Candidate) *bool { return &c.Tie }),
	truth("dominated", func(c *Candidate) *bool { return &c.Dominated }),
	text("source", func(c *Candidate) *string { return &c.Source }),
	{"arch", func(c *Candidate) string {
		b, _ := json.Marshal(c.Arch) // integers and names: cannot fail
		return string(b)
	}, func(c *Candidate, s string) error { return strictjson.Decode([]byte(s), &c.Arch) }},
}

func text[S ~string](name string, at func(*Candidate) *S) column {
	return column{name, func(c *Candidate) string { return string(*at(c)) },
		func(c *Candidate, s string) error { *at(c) = S(s); return nil }}
}

func integer(name string, at func(*Candidate) *int64) column {
	return column{name, func(c *Candidate) string { return strconv.FormatInt(*at(c), 10) },
		func(c *Candidate, s string) (err error) { *at(c), err = strconv.ParseInt(s, 10, 64); return err }}
}

func number(name string, at func(*Candidate) *float64) column {
	return column{name, func(c *Candidate) string { return strconv.FormatFloat(*at(c), 'g', -1, 64) },
		func(c *Candidate, s string) (err error) { *at(c), err = strconv.ParseFloat(s, 64); return err }}
}

func truth(name string, at func(*Candidate) *bool) column {
	return column{name, func(c *Candidate) string { return strconv.FormatBool(*at(c)) },
		func(c *Candidate, s string) (err error) { *at(c), err = strconv.ParseBool(s); return err }}
}

// latencyColumns are those of the i-th of several latencies, behind all others.
func latencyColumns(i int, name string) []column {
	at := func(c *Candidate) *Latency {
		for len(c.Latencies) <= i {
			c.Latencies = append(c.Latencies, Latency{})
		}
		c.Latencies[i].Name = name
		return &c.Latencies[i]
	}
	return []column{
		number(name+latencySuffixes[0], func(c *Candidate) *float64 { return &at(c).NS }),
		number(name+latencySuffixes[1], func(c *Candidate) *float64 { return &at(c).Low }),
		number(name+latencySuffixes[2], func(c *Candidate) *float64 { return &at(c).High }),
		text(name+latencySuffixes[3], func(c *Candidate) *Kind { return &at(c).Kind }),
	}
}

var latencySuffixes = [...]string{"_ns", "_ns_low", "_ns_high", "_kind"}

// allColumns are those of candidates with so named latencies.
func allColumns(latencies []string) []column {
	list := slices.Clone(columns)
	for i, name := range latencies {
		list = append(list, latencyColumns(i, name)...)
	}
	return list
}

// latenciesOf reads the names of several latencies from the columns that follow the
// fixed ones.
func latenciesOf(header []string) (names []string) {
	fixed := 1 + len(columns)
	for i := fixed; i < len(header) && len(names) < maxLatencies; i += len(latencySuffixes) {
		names = append(names, strings.TrimSuffix(header[i], latencySuffixes[0]))
	}
	return names
}

// group is the first column: front or reference.
const group, inFront, isReference = "group", "front", "reference"

// WriteCSV writes front and references with exact digits, a header line first. The
// conditions stay behind: JSON holds them.
func WriteCSV(w io.Writer, r *Report) error {
	columns := allColumns(r.latencyNames())
	out := csv.NewWriter(w)
	out.Write(header(columns))
	for i := range r.Front {
		out.Write(record(inFront, columns, r.Front[i]))
	}
	for i := range r.References {
		out.Write(record(isReference, columns, r.References[i]))
	}
	out.Flush()
	return out.Error()
}

func header(columns []column) []string {
	names := []string{group}
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

func record(of string, columns []column, c Candidate) []string {
	fields := []string{of}
	for _, column := range columns {
		fields = append(fields, column.get(&c))
	}
	return fields
}

// ReadCSV reads what WriteCSV wrote, without conditions and warnings.
func ReadCSV(data []byte) (*Report, error) {
	in := csv.NewReader(bytes.NewReader(data))
	names, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("results: no header line: %w", err)
	}
	columns := allColumns(latenciesOf(names))
	if !slices.Equal(names, header(columns)) {
		return nil, fmt.Errorf("results: the columns of line 1 are not those of a front: %.100q", names)
	}
	r := &Report{Front: []Candidate{}}
	for {
		fields, err := in.Read()
		if err == io.EOF {
			oneline.EscapeAll(r)
			return r, r.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("results: %w", err)
		}
		var c Candidate
		for i, column := range columns {
			if err := column.set(&c, fields[i+1]); err != nil {
				line, position := in.FieldPos(i + 1)
				return nil, fmt.Errorf("results: %d:%d: %s: %w", line, position, column.name, err)
			}
		}
		switch fields[0] {
		case inFront:
			r.Front = append(r.Front, c)
		case isReference:
			r.References = append(r.References, c)
		default:
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("results: %d:1: %s %.20q is neither %s nor %s", line, group, fields[0], inFront, isReference)
		}
	}
}
