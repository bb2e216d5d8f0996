package results

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// On a narrow terminal a table lacks what can be spared, says so, and nothing else is
// another text; where there is room it is whole.
func TestNarrow(t *testing.T) {
	r := sample(t, "decoder-compact", 9)
	written := func(width int) string {
		var b bytes.Buffer
		if err := Write(&b, "table", r, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	// rows are the lines of the tables, from the first header to the last row.
	rows := func(text string) (list []string) {
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "─") {
				list = append(list, line)
			}
		}
		return list
	}
	wide := func(text string) (widest int) {
		for _, line := range rows(text) {
			widest = max(widest, utf8.RuneCountInString(line))
		}
		return widest
	}
	whole := written(0)
	widest := wide(whole)
	if got := written(widest); got != whole || strings.Contains(whole, "narrow ") {
		t.Errorf("at %d, its own width, the text is another:\n%s", widest, got)
	}
	least := written(1)
	for width := widest - 1; width >= wide(least); width-- {
		text := written(width)
		if !strings.Contains(text, "narrow   ") {
			t.Fatalf("at %d nothing says what is left out:\n%s", width, text)
		}
		if n := wide(text); n > width {
			t.Fatalf("a line of %d at width %d:\n%s", n, width, text)
		}
	}
	for _, header := range []string{"score", "latency", "memory", "hidden", "layers", "heads", "ffn"} {
		if !strings.Contains(rows(least)[0], header) {
			t.Errorf("%s is left out of %q", header, rows(least)[0])
		}
	}
	if len(rows(least)) != len(rows(whole)) {
		t.Errorf("%d rows, want %d", len(rows(least)), len(rows(whole)))
	}
	for _, line := range strings.Split(whole, "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%q ends in spaces", line)
		}
	}
}
