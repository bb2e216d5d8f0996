package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"nas/results"
)

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A result that has no room where it was to go is written to standard output, whole.
func TestResultsThatDoNotFit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gone", "front")
	for format, want := range map[string]string{"json": `"front": [`, "table": "score", "png": "\x89PNG", "png on a terminal": `"front": [`} {
		var out, errs bytes.Buffer
		a := &app{out: &out, talk: talk{w: &errs}}
		o := &output{path: file}
		if o.format, _, _ = strings.Cut(format, " "); o.format != format {
			a.width = 80
		}
		code := a.report(a.write(o, onePoint))
		if code != exitFailed || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, %.100q", format, code, out.String())
		}
		if got := errs.String(); !strings.Contains(got, "; the result went to standard output\n") {
			t.Errorf("%s: %s", format, got)
		}
		a.out = fullDisk{}
		errs.Reset()
		if code := a.report(a.write(o, onePoint)); code != exitFailed || strings.Contains(errs.String(), "went to") {
			t.Errorf("%s, standard output full too: exit code %d, %s", format, code, errs.String())
		}
	}
}

// onePoint is a front of one member.
var onePoint = func() *results.Report {
	r := &results.Report{Conditions: results.Conditions{Tool: "nas", Space: "tiny", Evaluator: "capacity", Objectives: []string{"score", "latency", "memory"}}}
	r.Front = []results.Candidate{{Score: 1, LatencyNS: 2, MemoryBytes: 3}}
	return r
}()

// Whatever a command has to say, it fails where that cannot be written.
func TestResultsThatCannotBeWritten(t *testing.T) {
	for _, command := range []string{"help", "--version", "search --help", "space size encoder-compact", "space check encoder-compact", "space show encoder-compact",
		"space sample encoder-compact", "devices", "devices levels", "devices list", "devices ops", "devices show raspberry-pi-5",
		"devices compare raspberry-pi-4 raspberry-pi-5", "predict BERT-tiny --device raspberry-pi-5", "evaluate BERT-tiny"} {
		var errs bytes.Buffer
		if code := run(context.Background(), strings.Fields(command), nil, fullDisk{}, &errs); code != exitFailed {
			t.Errorf("nas %s: exit code %d, want %d", command, code, exitFailed)
		}
		if !strings.Contains(errs.String(), "nas: error: no space left\nnas: hint: ") {
			t.Errorf("nas %s: %s", command, errs.String())
		}
	}
}
