package strictjson

import (
	"encoding/json"
	"strings"
	"testing"
)

type inner struct {
	Unit string `json:"unit"`
}

type doc struct {
	inner
	Name  string             `json:"name"`
	Sizes []int              `json:"sizes"`
	Sub   *inner             `json:"sub"`
	Table map[string]float64 `json:"table"`
	Any   any                `json:"any"`
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":        {`{"nam": "x"}`, `1:7: unknown key "nam"`},
		"another case":       {`{"Name": "x"}`, `unknown key "Name"`},
		"nested unknown":     {"{\n \"sub\": {\"u\": 1}}", `2:13: unknown key "u"`},
		"duplicate":          {`{"name": "x", "name": "y"}`, `"name" for the second time`},
		"duplicate in a map": {`{"table": {"a": 1, "a": 2}}`, `"a" for the second time`},
		"duplicate in any":   {`{"any": {"a": 1, "a": 2}}`, `"a" for the second time`},
		"trailing":           {`{"name": "x"} 1`, "follows the end"},
		"trailing garbage":   {`{"name": "x"} }`, "follows the end"},
		"wrong type":         {`{"sizes": ["x"]}`, "string where a value of type int"},
		"float for int":      {`{"sizes": [1.5]}`, "number 1.5 where"},
		"overflow":           {`{"table": {"a": 1e999}}`, "1e999"},
		"NaN":                {`{"table": {"a": NaN}}`, "1:17: not JSON"},
		"a line below":       {"{\"name\": \"x\",\n \"any\" : [1, {\"b\":\n tru}]}", "3:2: not JSON"},
		"a comma too many":   {"{\"sizes\": [1,\n]}", "not JSON"},
		"null":               {`{"sizes": [null]}`, "null where a value belongs"},
		"truncated":          {`{"name": "x"`, "truncated"},
		"truncated in text":  {`{"name": "x`, "truncated"},
		"empty":              {``, "truncated"},
		"not JSON":           {`name: x`, "not JSON"},
		"deep":               {`{"any": ` + strings.Repeat("[", 1<<20), "nested deeper"},
	} {
		var d doc
		err := Decode([]byte(c.text), &d)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	var d doc
	if err := Decode([]byte(` {"unit":"ns","name":"x","sizes":[1,2],"sub":{"unit":"B"},"table":{"a":1.5},"any":[{}]} `), &d); err != nil {
		t.Fatal(err)
	}
	if d.Unit != "ns" || d.Name != "x" || len(d.Sizes) != 2 || d.Sub.Unit != "B" || d.Table["a"] != 1.5 {
		t.Errorf("got %+v", d)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"unit":"ns","name":"x","sizes":[1,2],"sub":{"unit":"B"},"table":{"a":1.5},"any":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d doc
		if Decode(data, &d) == nil && !json.Valid(data) {
			t.Errorf("%q is accepted", data)
		}
	})
}
