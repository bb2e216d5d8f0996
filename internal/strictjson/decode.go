// Package strictjson decodes JSON from hostile sources: what encoding/json lets
// pass silently (duplicate keys, unknown keys, keys in another case, trailing
// bytes, deep nesting, null for a number) is an error here, with line and column.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// maxDepth is the deepest nesting accepted.
const maxDepth = 64

// Error is a fault at a position of the input.
type Error struct {
	Line, Column int // from 1; the column counts bytes
	Why          string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Why) }

// Decode reads the one JSON value of data into v, a pointer. Faults are *Error.
func Decode(data []byte, v any) error {
	c := checker{data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	c.decoder.UseNumber()
	if err := c.value(reflect.TypeOf(v), 0); err != nil {
		return err
	}
	if _, err := c.decoder.Token(); !errors.Is(err, io.EOF) {
		return c.fail("something follows the end of the value")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return locate(data, err)
	}
	return nil
}

// Read reads a file of at most max bytes.
func Read(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(path, f, max)
}

// ReadAll reads what r, which is called name, holds: at most max bytes.
func ReadAll(name string, r io.Reader, max int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > max {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, max)
	}
	return data, nil
}

// checker walks the tokens of data beside the type that they are meant for.
type checker struct {
	data    []byte
	decoder *json.Decoder
}

func (c *checker) fail(why string, args ...any) error {
	return at(c.data, c.decoder.InputOffset(), fmt.Sprintf(why, args...))
}

// value checks the next value against t; a nil t takes anything.
func (c *checker) value(t reflect.Type, depth int) error {
	token, err := c.decoder.Token()
	if err != nil {
		return locate(c.data, err)
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	d, composite := token.(json.Delim)
	switch {
	case !composite:
		if token == nil && t != nil && t.Kind() != reflect.Interface {
			return c.fail("null where a value belongs")
		}
		return nil
	case depth == maxDepth:
		return c.fail("nested deeper than %d", maxDepth)
	case d == '{':
		return c.object(t, depth)
	}
	var element reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		element = t.Elem()
	}
	for c.decoder.More() {
		if err := c.value(element, depth+1); err != nil {
			return err
		}
	}
	return c.end()
}

func (c *checker) object(t reflect.Type, depth int) error {
	var fields map[string]reflect.Type
	var element reflect.Type
	if t != nil {
		switch t.Kind() {
		case reflect.Struct:
			fields = map[string]reflect.Type{}
			collect(t, fields)
		case reflect.Map:
			element = t.Elem()
		}
	}
	seen := map[string]bool{}
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return locate(c.data, err)
		}
		key := token.(string)
		if seen[key] {
			return c.fail("key %.40q for the second time", key)
		}
		seen[key] = true
		of := element
		if fields != nil {
			var known bool
			if of, known = fields[key]; !known {
				return c.fail("unknown key %.40q", key)
			}
		}
		if err := c.value(of, depth+1); err != nil {
			return err
		}
	}
	return c.end()
}

func (c *checker) end() error {
	if _, err := c.decoder.Token(); err != nil {
		return locate(c.data, err)
	}
	return nil
}

// collect adds the JSON names of t's fields, those of embedded structs included.
func collect(t reflect.Type, fields map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			collect(f.Type, fields)
		case f.IsExported() && name == "":
			fields[f.Name] = f.Type
		case f.IsExported():
			fields[name] = f.Type
		}
	}
}

// locate gives an error of encoding/json its position.
func locate(data []byte, err error) error {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return at(data, int64(len(data)), "the file ends in the middle; it is truncated")
	case errors.As(err, &syntax):
		if int(syntax.Offset) >= len(data) {
			return at(data, int64(len(data)), "the file ends in the middle; it is truncated")
		}
		return at(data, syntax.Offset-1, "not JSON: "+syntax.Error())
	case errors.As(err, &typed):
		return at(data, typed.Offset, fmt.Sprintf("%s: a %s where a value of type %v belongs", typed.Field, typed.Value, typed.Type))
	}
	return at(data, 0, err.Error())
}

func at(data []byte, offset int64, why string) error {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return &Error{line, column, why}
}
