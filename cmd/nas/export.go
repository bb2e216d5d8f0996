package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"nas/internal/strictjson"
	"nas/results"
)

func (a *app) exportCommand() *cobra.Command {
	o := &output{}
	c := &cobra.Command{Use: "export FILE", Short: "Write a front in another format", Args: exactly(1, "a report of nas search (JSON or CSV)"),
		Long: `Write the front of a report in another format. Nothing is measured or computed.

  nas export front.json                        for the terminal
  nas export front.json --format md -o front.md
  nas export front.json --format csv           exact digits, for spreadsheets
  nas export front.json --format latex         a table for a paper, with booktabs
  nas export front.json -o front.svg           a picture; png too`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			r, err := readReport(args[0])
			if err != nil {
				return err
			}
			return a.write(o, r)
		}}
	o.flags(c)
	return c
}

// readReport reads a report in either form for machines.
func readReport(path string) (*results.Report, error) {
	const hint = "nas search --format json -o front.json writes a report"
	data, err := strictjson.Read(path, results.MaxFile)
	if err != nil {
		return nil, bad(err, hint)
	}
	read := results.ReadJSON
	if isCSV(data) {
		read = results.ReadCSV
	}
	r, err := read(data)
	if err != nil {
		return nil, bad(fmt.Errorf("%s:%w", path, err), hint)
	}
	return r, nil
}

// isCSV reports whether data begins as a report in CSV does, in any dialect.
func isCSV(data []byte) bool { return bytes.HasPrefix(data, []byte("group")) }
