// Package oneline holds texts from outside to what one line of a terminal can show.
package oneline

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable reports whether s has no line breaks, control characters, marks that turn
// the direction of writing, or bytes that are no UTF-8.
func Printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, hidden)
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }

// Escape writes what is not Printable as Go does in a string: \n, \x1b, \u202e.
func Escape(s string) string {
	if Printable(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if hidden(r) || r == utf8.RuneError && n == 1 {
			quoted := strconv.Quote(s[:n])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// EscapeAll escapes every string that v, a pointer, leads to.
func EscapeAll(v any) { escape(reflect.ValueOf(v)) }

func escape(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(Escape(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			escape(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			escape(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			escape(v.Field(i))
		}
	}
}
