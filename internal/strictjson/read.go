package strictjson

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Read reads a text file of at most max bytes.
func Read(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(path, f, max)
}

// ReadAll reads the text that r holds, which is called name: at most max bytes. A byte
// order mark, as spreadsheets write, is left out; what begins as no text is refused.
func ReadAll(name string, r io.Reader, max int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, max+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > max:
		return nil, fmt.Errorf("%s: larger than %d MiB", name, max>>20)
	case len(data) == 0:
		return nil, fmt.Errorf("%s: empty", name)
	}
	for _, other := range []struct{ start, is string }{
		{"\x1f\x8b", "compressed with gzip: gunzip unpacks it"},
		{"PK\x03\x04", "a zip archive or a spreadsheet: unpack it, or save it as CSV"},
		{"\xff\xfe", "UTF-16 text: save it as UTF-8"},
		{"\xfe\xff", "UTF-16 text: save it as UTF-8"},
	} {
		if bytes.HasPrefix(data, []byte(other.start)) {
			return nil, fmt.Errorf("%s: %s", name, other.is)
		}
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}
