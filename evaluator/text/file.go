package text

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"nas/internal/atomicfile"
	"nas/internal/strictjson"
)

// maxFile is the largest tokeniser file in bytes: 65279 pairs of 14.
const maxFile = 1 << 20

// file is the form on disk.
type file struct {
	Format string    `json:"format"`
	Pairs  [][]int32 `json:"pairs"`
}

const format = "nas byte-pair encoding 1"

// Marshal writes t as JSON.
func (t *Tokeniser) Marshal() []byte {
	f := file{format, [][]int32{}}
	for _, p := range t.pairs {
		f.Pairs = append(f.Pairs, p[:])
	}
	data, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return data
}

// Parse reads what Marshal wrote.
func Parse(data []byte) (*Tokeniser, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("text: a tokeniser of more than %d bytes", maxFile)
	}
	var f file
	if err := strictjson.Decode(data, &f); err != nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	if f.Format != format {
		return nil, fmt.Errorf("text: format %.40q is not %q", f.Format, format)
	}
	if len(f.Pairs) > MaxVocabulary-firstPair {
		return nil, fmt.Errorf("text: %d pairs", len(f.Pairs))
	}
	length := make([]int, firstPair, firstPair+len(f.Pairs))
	for i := range Mask {
		length[i] = 1
	}
	var pairs []pair
	seen := map[pair]bool{}
	for i, list := range f.Pairs {
		if len(list) != 2 {
			return nil, fmt.Errorf("text: pair %d has %d tokens", i+1, len(list))
		}
		p := pair(list)
		for _, v := range p {
			if v < 0 || v == Mask || int(v) >= len(length) {
				return nil, fmt.Errorf("text: pair %d: token %d is not among those before it", i+1, v)
			}
		}
		n := length[p[0]] + length[p[1]]
		if n > maxWord || seen[p] {
			return nil, fmt.Errorf("text: pair %d: there twice, or of more than %d bytes", i+1, maxWord)
		}
		seen[p], length, pairs = true, append(length, n), append(pairs, p)
	}
	return newTokeniser(pairs), nil
}

// Cached is Learn with a file in folder that spares learning the same again. A file
// that cannot be read or written costs only the time.
func Cached(folder string, text []byte, size int) (*Tokeniser, error) {
	path := filepath.Join(folder, fmt.Sprintf("vocabulary-%x-%d.json", sha256.Sum256(text), size))
	if data, err := strictjson.Read(path, maxFile); err == nil {
		if t, err := Parse(data); err == nil && t.Vocabulary() <= size {
			return t, nil
		}
	}
	t, err := Learn(text, size)
	if err != nil {
		return nil, err
	}
	if os.MkdirAll(folder, 0o755) == nil {
		_ = atomicfile.Write(path, t.Marshal())
	}
	return t, nil
}
