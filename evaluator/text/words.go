package text

import (
	"unicode"
	"unicode/utf8"
)

// maxWord is the longest word in bytes: merging takes time with its square.
const maxWord = 64

// next is the length of the word that text begins with: letters, or up to three
// digits, or marks, each with one blank before it if there is one; or blanks. Merges
// never cross words (Radford et al. 2019, section 2.2).
func next(text []byte) int {
	at := 0
	if text[0] == ' ' && len(text) > 1 && kind(text[1:]) != blank {
		at = 1
	}
	of, runes := kind(text[at:]), 0
	for at < len(text) && at < maxWord && kind(text[at:]) == of {
		if of == digit && runes == 3 {
			break
		}
		// The last blank before a word belongs to it.
		if of == blank && runes > 0 && text[at] == ' ' && at+1 < len(text) && kind(text[at+1:]) != blank {
			break
		}
		_, n := utf8.DecodeRune(text[at:])
		at += n
		runes++
	}
	return at
}

const (
	blank = iota
	letter
	digit
	mark
)

// kind is what text begins with.
func kind(text []byte) int {
	r, n := rune(text[0]), 1
	if r >= utf8.RuneSelf {
		if r, n = utf8.DecodeRune(text); r == utf8.RuneError && n == 1 {
			return mark
		}
	}
	switch {
	case r == '\'' || unicode.IsLetter(r) || unicode.IsMark(r):
		return letter
	case unicode.IsDigit(r):
		return digit
	case unicode.IsSpace(r):
		return blank
	}
	return mark
}
