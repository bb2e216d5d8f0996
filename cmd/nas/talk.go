package main

import (
	"fmt"
	"io"
	"time"

	"nas/internal/oneline"
)

// talk is what the command says on stderr while it works. The rules:
//
//   - stdout is results only; everything here is talk and may be thrown away.
//   - A phase is one line, always. Progress redraws one line, on a terminal only.
//   - Errors are one line "nas: error: …" and one line "nas: hint: …" (fault.go).
//   - Nothing is drawn while something is being timed: progress comes between rounds.
type talk struct {
	w     io.Writer
	width int // of the terminal that it is, where progress is drawn; 0: it is none
	drawn bool
	said  map[string]bool
}

// phase says what begins or what was found.
func (t *talk) phase(format string, args ...any) {
	t.clear()
	fmt.Fprintf(t.w, "nas: %s\n", oneline.Escape(fmt.Sprintf(format, args...)))
}

// warn says what the reader of the results should know, once.
func (t *talk) warn(text string) {
	if t.said[text] {
		return
	}
	if t.said == nil {
		t.said = map[string]bool{}
	}
	t.said[text] = true
	t.phase("warning: %s", text)
}

// progress redraws the status line; left is the expected remaining time, 0 if
// unknown.
func (t *talk) progress(left time.Duration, format string, args ...any) {
	if t.width == 0 {
		return
	}
	line := "nas: " + fmt.Sprintf(format, args...)
	if left > 0 {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	text := []rune(oneline.Escape(line))
	fmt.Fprintf(t.w, "\r\x1b[K%s", string(text[:min(len(text), t.width-1)])) // of more than one row the first would stay
	t.drawn = true
}

// clear removes the status line.
func (t *talk) clear() {
	if t.drawn {
		fmt.Fprint(t.w, "\r\x1b[K")
		t.drawn = false
	}
}
