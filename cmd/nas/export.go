package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"nas/internal/strictjson"
	"nas/results"
	"nas/results/study"
)

func (a *app) exportCommand() *cobra.Command {
	o := &output{}
	c := &cobra.Command{Use: "export FILE", Short: "Write a front in another format", Args: exactly(1, "a study, or a report of nas search (JSON or CSV)"),
		Long: `Write the front of a report or a study in another format. Nothing is measured.

  nas export front.json                        for the terminal
  nas export phone.db --front 10               ten members of a study's front
  nas export front.json --format md -o front.md
  nas export front.json --format csv           exact digits, for spreadsheets
  nas export front.json --format latex         a table for a paper, with booktabs
  nas export front.json -o front.svg           a picture; png too`,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			r, err := a.readReport(args[0])
			if err != nil {
				return err
			}
			return a.write(o, r)
		}}
	o.flags(c)
	return c
}

// readReport reads a report in either form for machines, or that of a study; - is what
// the command is given.
func (a *app) readReport(path string) (*results.Report, error) {
	if study.Is(path) {
		return studyReport(context.Background(), path)
	}
	const hint = "nas search --format json -o front.json writes a report"
	data, err := a.readFile(path)
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

// readFile reads a file of results, or for - standard input.
func (a *app) readFile(path string) ([]byte, error) {
	if path == "-" {
		return strictjson.ReadAll("standard input", a.in, results.MaxFile)
	}
	return strictjson.Read(path, results.MaxFile)
}

// isCSV reports whether data begins as a report in CSV does, in any dialect.
func isCSV(data []byte) bool { return bytes.HasPrefix(data, []byte("group")) }
