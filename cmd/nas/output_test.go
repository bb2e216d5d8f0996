package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

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
