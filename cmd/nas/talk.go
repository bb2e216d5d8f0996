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
	live  bool // a terminal: progress may be redrawn
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
	if !t.live {
		return
	}
	line := fmt.Sprintf(format, args...)
	if left > 0 {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	fmt.Fprintf(t.w, "\r\x1b[Knas: %s", oneline.Escape(line))
	t.drawn = true
}

// many is n of what, in words.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clear removes the status line.
func (t *talk) clear() {
	if t.drawn {
		fmt.Fprint(t.w, "\r\x1b[K")
		t.drawn = false
	}
}
