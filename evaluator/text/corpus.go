// Package text makes training data of a user's text: a corpus, a byte-level
// tokeniser learnt on it, batches of the two tasks that transformers are pretrained
// on, and synthetic tasks where there is no text.
package text

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// MaxCorpus is the largest corpus, in bytes; what a compact model can learn from in
// an hour is far less.
const MaxCorpus = 256 << 20

// minCorpus is the least that a held-out split makes sense of.
const minCorpus = 4 << 10

// maxFiles bounds the walk through a folder.
const maxFiles = 100_000

// Read reads a UTF-8 file, or all regular files below a folder in the order of their
// paths, a blank line between them. Names that begin with a dot are passed over and
// links are not followed.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var corpus []byte
	if !info.IsDir() {
		corpus, err = appendFile(nil, path)
	} else {
		files := 0
		err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case file != path && strings.HasPrefix(d.Name(), "."):
				if d.IsDir() {
					return filepath.SkipDir
				}
			case d.Type().IsRegular():
				if files++; files > maxFiles {
					return fmt.Errorf("%s: more than %d files", path, maxFiles)
				}
				if len(corpus) > 0 {
					corpus = append(corpus, "\n\n"...)
				}
				corpus, err = appendFile(corpus, file)
				return err
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	if len(corpus) < minCorpus {
		return nil, fmt.Errorf("%s: %d bytes of text; at least %d are needed", path, len(corpus), minCorpus)
	}
	return corpus, nil
}

// appendFile appends the text of a file to corpus.
func appendFile(corpus []byte, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	room := int64(MaxCorpus - len(corpus))
	data, err := io.ReadAll(io.LimitReader(f, room+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > room {
		return nil, fmt.Errorf("%s: the corpus is larger than %d bytes", path, MaxCorpus)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if at, err := invalid(data); err != nil {
		return nil, fmt.Errorf("%s: byte %d: %w", path, at, err)
	}
	return append(corpus, data...), nil
}

// invalid is where data is no UTF-8 text, if anywhere.
func invalid(data []byte) (at int, err error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i, errors.New("a zero byte: this is no text")
	}
	if utf8.Valid(data) {
		return 0, nil
	}
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			return at, errors.New("not UTF-8")
		}
		at += n
	}
	return 0, nil
}

const (
	chunks  = 200 // a corpus is cut into, at blanks
	heldOut = 10  // the last of as many chunks is held out
)

// Split cuts a corpus into what is trained on and the tenth that is held out: always
// the same chunks, spread over the whole, so that both are of one kind.
func Split(corpus []byte) (train, held []byte) {
	for i := range chunks {
		chunk := corpus[cut(corpus, i):cut(corpus, i+1)]
		if i%heldOut == heldOut-1 {
			held = append(held, chunk...)
		} else {
			train = append(train, chunk...)
		}
	}
	return train, held
}

// cut is where chunk i begins: behind the first blank after its share, but not
// further than a share.
func cut(corpus []byte, i int) int {
	at, end := i*len(corpus)/chunks, min((i+1)*len(corpus)/chunks, len(corpus))
	if i == 0 || i == chunks {
		return at
	}
	if n := bytes.IndexAny(corpus[at:end], " \n"); n >= 0 {
		return at + n
	}
	for at < end && !utf8.RuneStart(corpus[at]) {
		at++
	}
	return at
}
