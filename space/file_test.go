package space

import (
	"errors"
	"strings"
	"testing"
)

const good = `name: x
family: encoder
vocabulary: 100
hidden: [16, 32]
layers: [1, 2]
heads: {per_layer: [1, 2]}
head_width: 8
ffn: 16
`

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		at, why        string // of the first fault
	}{
		{"unknown key", "ffn: 16", "ffn: 16\ncolour: green", "9:1", "unknown key"},
		{"wrong type", "vocabulary: 100", "vocabulary: many", "3:13", "whole number"},
		{"float", "vocabulary: 100", "vocabulary: 1e2", "3:13", "whole number"},
		{"octal", "vocabulary: 100", "vocabulary: 0100", "3:13", "whole number"},
		{"hexadecimal", "vocabulary: 100", "vocabulary: 0x64", "3:13", "whole number"},
		{"NaN", "vocabulary: 100", "vocabulary: .nan", "3:13", "whole number"},
		{"negative", "vocabulary: 100", "vocabulary: -4", "3:13", "whole number"},
		{"huge", "vocabulary: 100", "vocabulary: 99999999999999999999", "3:13", "whole number"},
		{"too large", "vocabulary: 100", "vocabulary: 9000000", "3:13", "outside"},
		{"null", "vocabulary: 100", "vocabulary:", "3:12", "nothing"},
		{"duplicate key", "hidden: [16, 32]", "family: encoder\nhidden: 16", "4:1", "second time"},
		{"missing key", "ffn: 16\n", "", "7:1", `missing: ffn`},
		{"empty choices", "[16, 32]", "[]", "4:9", "no choices"},
		{"duplicate choice", "[16, 32]", "[16, 16]", "4:14", "twice"},
		{"choices of words", "[16, 32]", "[16, wide]", "4:14", "whole number"},
		{"nested choices", "[16, 32]", "[16, [32]]", "4:14", "a list"},
		{"gene as list", "{per_layer: [1, 2]}", "[1, 2]", "6:8", "per_layer"},
		{"gene with both", "{per_layer: [1, 2]}", "{per_layer: [1], uniform: [2]}", "6:8", "exactly one"},
		{"gene unknown", "{per_layer: [1, 2]}", "{perlayer: [1, 2]}", "6:9", "unknown key"},
		{"heads do not divide", "heads: {per_layer: [1, 2]}\nhead_width: 8", "heads: 3", "6:8", "do not divide"},
		{"kv heads do not divide", "ffn: 16", "ffn: 16\nkv_heads: 2", "9:11", "do not divide"},
		{"family", "encoder", "recurrent", "2:9", "encoder, decoder"},
		{"name", "name: x", "name: ../x", "1:7", "letters"},
		{"head of the other family", "ffn: 16", "ffn: 16\nhead: tied", "2:9", "belong"},
		{"workload key", "ffn: 16", "ffn: 16\nworkload: {prompt: 4}", "9:12", "unknown key"},
		{"workload too long", "ffn: 16", "ffn: 16\nworkload: {sequence: 1000}", "9:11", "positions"},
		{"alias", "hidden: [16, 32]", "hidden: &a [16, 32]\nembedding: *a", "4:9", "anchors"},
		{"tag", "hidden: [16, 32]", "hidden: !!seq [16, 32]", "4:9", "tags"},
		{"merge key", "ffn: 16", "ffn: 16\n<<: {gated: true}", "9:1", "merge"},
		{"boolean word", "ffn: 16", "ffn: 16\ngated: yes", "9:8", "true or false"},
		{"second document", "ffn: 16\n", "ffn: 16\n---\nffn: 16\n", "9:1", "second document"},
		{"a list", good, "- 1\n- 2\n", "1:1", "a list where a mapping"},
		{"empty", good, "", "", "empty"},
		{"not YAML", "hidden: [16, 32]", "hidden: [16, 32", "", "not YAML"},
		{"tab", "ffn: 16", "\tffn: 16", "", "not YAML"},
		{"too deep", "ffn: 16", "ffn: {a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}}", "", "nested"},
		{"too many parameters", "vocabulary: 100\nhidden: [16, 32]", "vocabulary: 1000000\nhidden: 16384", "2:9", "parameters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			_, err := Parse("x.yaml", []byte(text))
			var file *FileError
			if !errors.As(err, &file) {
				t.Fatalf("Parse(%q) = %v, want a FileError", text, err)
			}
			got := err.Error()
			if !strings.HasPrefix(got, "space: x.yaml:"+c.at) || !strings.Contains(got, c.why) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want x.yaml:%s: …%s…", got, c.at, c.why)
			}
		})
	}
	if _, err := Parse("x.yaml", []byte(good)); err != nil {
		t.Errorf("the good file is refused: %v", err)
	}
}

func TestParseRefusesBombs(t *testing.T) {
	for name, text := range map[string]string{
		"10 MB of brackets":    strings.Repeat("[", 10<<20),
		"60 KB of brackets":    strings.Repeat("[", 60<<10),
		"60 KB of braces":      strings.Repeat("{a: ", 15<<10),
		"60 KB of dashes":      strings.Repeat("- ", 30<<10),
		"60 KB of keys":        strings.Repeat("? ", 30<<10),
		"a bomb of references": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
	} {
		if _, err := Parse("bomb", []byte(text)); err == nil {
			t.Errorf("%s is accepted", name)
		} else if len(err.Error()) > 400 {
			t.Errorf("%s: error of %d bytes", name, len(err.Error()))
		}
	}
}

func TestParseReportsAllFaults(t *testing.T) {
	text := strings.NewReplacer("100", "many", "[16, 32]", "[]", "ffn: 16", "fnn: 16").Replace(good)
	_, err := Parse("x.yaml", []byte(text))
	var file *FileError
	if !errors.As(err, &file) {
		t.Fatal(err)
	}
	if len(file.Faults) != 4 { // unknown fnn, missing ffn, and two values
		t.Errorf("%d faults, want 4: %v", len(file.Faults), file.Faults)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(small))
	for _, name := range Names() {
		data, _ := Source(name)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("fuzz", data)
		if err != nil {
			return
		}
		for _, last := range []bool{false, true} {
			if err := s.extreme(last).Validate(); err != nil {
				t.Errorf("extreme(%t): %v", last, err)
			}
		}
	})
}
