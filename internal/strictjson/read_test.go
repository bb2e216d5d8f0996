package strictjson

import (
	"strings"
	"testing"
)

func TestReadAll(t *testing.T) {
	for _, c := range []struct{ text, want, fault string }{
		{"{}", "{}", ""},
		{"\xef\xbb\xbf{}", "{}", ""},
		{"12345678", "12345678", ""},
		{"123456789", "", "x: larger than"},
		{"", "", "x: empty"},
		{"\x1f\x8b\x08", "", "x: compressed with gzip"},
		{"PK\x03\x04", "", "x: a zip archive"},
		{"\xff\xfe{\x00", "", "x: UTF-16 text"},
		{"\xfe\xff\x00{", "", "x: UTF-16 text"},
	} {
		got, err := ReadAll("x", strings.NewReader(c.text), 8)
		if string(got) != c.want || (err == nil) != (c.fault == "") || err != nil && !strings.HasPrefix(err.Error(), c.fault) {
			t.Errorf("%q: got %q, %v; want %q, %s", c.text, got, err, c.want, c.fault)
		}
	}
}
