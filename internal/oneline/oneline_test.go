package oneline

import "testing"

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "",
		"Zen 4, 20 µs … 3 ×":  "Zen 4, 20 µs … 3 ×",
		`C:\new "x"`:          `C:\new "x"`,
		"\x1b[2Jgone":         `\x1b[2Jgone`,
		"two\nlines\r\t":      `two\nlines\r\t`,
		"\u009b31m":           `\u009b31m`,
		"abc\u202efed":        `abc\u202efed`,
		"line\u2028separator": `line\u2028separator`,
		"\xffx":               `\xffx`,
		"zero\x00":            `zero\x00`,
	} {
		got := Escape(text)
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		if Printable(text) != (got == text) || !Printable(got) {
			t.Errorf("%q: printable: %t, escaped: %t", text, Printable(text), Printable(got))
		}
	}
}

func TestEscapeAll(t *testing.T) {
	type inner struct{ Name string }
	type outer struct {
		inner
		Pointer *inner
		None    *inner
		List    []inner
		hidden  string
	}
	v := outer{inner{"\a"}, &inner{"\b"}, nil, []inner{{"\n"}, {"x"}}, "\t"}
	EscapeAll(&v)
	if v.Name != `\a` || v.Pointer.Name != `\b` || v.List[0].Name != `\n` || v.List[1].Name != "x" || v.hidden != "\t" {
		t.Errorf("got %+v, %+v", v, v.Pointer)
	}
}
