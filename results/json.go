package results

import (
	"encoding/json"
	"fmt"
	"io"

	"nas/internal/strictjson"
)

// MaxFile is the largest file that the command reads as a report, in bytes.
const MaxFile = 256 << 20

// WriteJSON writes r with exact digits. The lists are never null.
func WriteJSON(w io.Writer, r *Report) error {
	full := *r
	full.Front, full.References = append([]Candidate{}, r.Front...), append([]Candidate{}, r.References...)
	full.Warnings = append([]string{}, r.Warnings...)
	full.Conditions.Objectives = append([]string{}, r.Conditions.Objectives...)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(full)
}

// ReadJSON reads what WriteJSON wrote. Faults of the form are *strictjson.Error.
func ReadJSON(data []byte) (*Report, error) {
	r := &Report{}
	if err := strictjson.Decode(data, r); err != nil {
		return nil, err
	}
	if r.Front == nil {
		return nil, fmt.Errorf("results: no front in it")
	}
	return r, r.Validate()
}
