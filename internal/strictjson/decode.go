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
		return c.syntax(err)
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
			return c.syntax(err)
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
		return c.syntax(err)
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

// syntax gives a fault of the next token its position: where the token begins, for the
// offset of a json.SyntaxError does not count what earlier tokens took.
func (c *checker) syntax(err error) error {
	offset := c.decoder.InputOffset()
	offset += int64(len(c.data[offset:]) - len(bytes.TrimLeft(c.data[offset:], " \t\r\n,:")))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || offset == int64(len(c.data)) {
		return at(c.data, int64(len(c.data)), "the file ends in the middle; it is truncated")
	}
	return at(c.data, offset, "not JSON: "+err.Error())
}

// locate gives an error of json.Unmarshal its position.
func locate(data []byte, err error) error {
	if typed := (*json.UnmarshalTypeError)(nil); errors.As(err, &typed) {
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
