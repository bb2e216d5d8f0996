package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"nas/internal/oneline"
	"nas/internal/strictjson"
)

// MaxFile is the largest file that the command reads as a report, in bytes.
const MaxFile = 256 << 20

// WriteJSON writes r with exact digits, one line a member. The lists are never null.
func WriteJSON(w io.Writer, r *Report) error {
	c := r.Conditions
	c.Objectives = append([]string{}, c.Objectives...)
	var b bytes.Buffer
	for _, part := range []struct {
		key   string
		lines []any
		value any
	}{
		{"front", anys(r.Front), nil},
		{"references", anys(r.References), nil},
		{"warnings", anys(r.Warnings), nil},
		{"conditions", nil, c},
		{"others", anys(r.Others), nil},
		{"history", anys(r.History), nil},
	} {
		if part.value == nil && len(part.lines) == 0 && (part.key == "others" || part.key == "history") {
			continue
		}
		open := ",\n "
		if b.Len() == 0 {
			open = "{\n "
		}
		fmt.Fprintf(&b, "%s%q: ", open, part.key)
		if part.value != nil {
			if err := encode(&b, part.value); err != nil {
				return err
			}
			continue
		}
		for i, v := range part.lines {
			b.WriteString([]string{"[\n  ", ",\n  "}[min(i, 1)])
			if err := encode(&b, v); err != nil {
				return err
			}
		}
		b.WriteString([]string{"[]", "\n ]"}[min(len(part.lines), 1)])
	}
	b.WriteString("\n}\n")
	_, err := b.WriteTo(w)
	return err
}

func anys[T any](list []T) []any {
	r := make([]any, len(list))
	for i := range list {
		r[i] = list[i]
	}
	return r
}

// encode appends v without a line's end.
func encode(b *bytes.Buffer, v any) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1)
	return nil
}

// ReadJSON reads what WriteJSON wrote. Faults of the form are *strictjson.Error; control
// characters in texts come back escaped.
func ReadJSON(data []byte) (*Report, error) {
	r := &Report{}
	if err := strictjson.Decode(data, r); err != nil {
		return nil, err
	}
	if r.Front == nil {
		return nil, fmt.Errorf("results: no front in it")
	}
	oneline.EscapeAll(r)
	return r, r.Validate()
}
