package space

import (
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader reads the nodes of a space file and collects faults on the way, so that a
// user sees all of them at once.
type reader struct {
	file   string
	faults []Fault
}

func (r *reader) fail(n *yaml.Node, why string, args ...any) {
	f := Fault{File: r.file, Why: fmt.Sprintf(why, args...)}
	if n != nil {
		f.Line, f.Column = n.Line, n.Column
	}
	r.faults = append(r.faults, f)
}

// document parses data into its one root mapping.
func (r *reader) document(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.fail(nil, "larger than %d KiB: no search space", maxFile>>10)
		return nil
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("empty")
		}
		r.syntax(err)
		return nil
	}
	var more yaml.Node
	switch err := d.Decode(&more); {
	case err == nil:
		r.fail(&more, "a second document; a file holds one space")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err)
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.fail(&doc, "no mapping of keys")
		return nil
	}
	before := len(r.faults)
	r.plain(doc.Content[0], 0)
	if len(r.faults) > before {
		return nil
	}
	return doc.Content[0]
}

var atLine = regexp.MustCompile(`line (\d+)(?:[,:]? column (\d+))?:? *`)

// syntax reports an error of the YAML parser, whose text holds the position.
func (r *reader) syntax(err error) {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	f := Fault{File: r.file, Why: "not YAML: " + text}
	if at := atLine.FindStringSubmatch(text); at != nil {
		f.Line, _ = strconv.Atoi(at[1])
		f.Column, _ = strconv.Atoi(at[2])
		f.Column = max(f.Column, 1)
		f.Why = "not YAML: " + strings.TrimPrefix(strings.Replace(text, at[0], "", 1), "yaml: ")
	}
	if len(f.Why) > 200 {
		f.Why = f.Why[:200] + "…"
	}
	r.faults = append(r.faults, f)
}

// plain refuses what a space file has no use for: anchors, aliases, tags, depth.
func (r *reader) plain(n *yaml.Node, depth int) {
	switch {
	case len(r.faults) > 0:
	case depth > 8:
		r.fail(n, "nested deeper than any space")
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.fail(n, "anchors and aliases are not allowed; write the value out")
	case n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge":
		r.fail(n, "tags and merge keys are not allowed")
	default:
		for _, c := range n.Content {
			r.plain(c, depth+1)
		}
	}
}

// mapping returns the values of n by key, nil if n is no mapping.
func (r *reader) mapping(n *yaml.Node, known, required []string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s where a mapping with the keys %s belongs", describe(n), strings.Join(known, ", "))
		return nil
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			r.fail(key, "unknown key %.40q; the keys are %s", key.Value, strings.Join(known, ", "))
		case values[key.Value] != nil:
			r.fail(key, "key %q is here for the second time (first in line %d)", key.Value, values[key.Value].Line)
		default:
			values[key.Value] = value
		}
	}
	missing := slices.DeleteFunc(slices.Clone(required), func(key string) bool { return values[key] != nil })
	if len(missing) > 0 {
		last := n // where it should have come at the latest: behind the misspelt key that may be its cause
		if len(n.Content) > 1 {
			last = n.Content[len(n.Content)-2]
		}
		r.fail(last, "missing: %s", strings.Join(missing, ", "))
	}
	return values
}

func (r *reader) text(n *yaml.Node, set func(string) error) {
	if n == nil {
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		r.fail(n, "%s where a word belongs", describe(n))
	} else if err := set(n.Value); err != nil {
		r.fail(n, "%v", err)
	}
}

func unmarshal[T interface{ UnmarshalText([]byte) error }](r *reader, n *yaml.Node, dst T) {
	r.text(n, func(v string) error { return dst.UnmarshalText([]byte(v)) })
}

func (r *reader) boolean(n *yaml.Node, dst *bool) {
	if n == nil {
		return
	}
	if n.Tag != "!!bool" || n.Value != "true" && n.Value != "false" {
		r.fail(n, "%s where true or false belongs", describe(n))
		return
	}
	*dst = n.Value == "true"
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)

// number reads a plain decimal; n may be nil: dst stays.
func (r *reader) number(n *yaml.Node, dst *int, low, high int) {
	if n == nil {
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || !decimal.MatchString(n.Value) {
		r.fail(n, "%s where a whole number in %d…%d belongs", describe(n), low, high)
		return
	}
	v, _ := strconv.Atoi(n.Value)
	if v < low || v > high {
		r.fail(n, "%d is outside %d…%d", v, low, high)
		return
	}
	*dst = v
}

// choices reads a number or a list of different numbers and sorts them.
func (r *reader) choices(n *yaml.Node, low, high int, form string) []int {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		if n.Tag != "!!int" {
			r.fail(n, "%s where %s belongs", describe(n), form)
			return nil
		}
		v := low
		r.number(n, &v, low, high)
		return []int{v}
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s where %s belongs", describe(n), form)
		return nil
	}
	if len(n.Content) == 0 {
		r.fail(n, "no choices; a gene needs at least one")
		return nil
	}
	if len(n.Content) > maxChoices {
		r.fail(n, "%d choices; at most %d fit", len(n.Content), maxChoices)
		return nil
	}
	var list []int
	for _, c := range n.Content {
		v := math.MinInt
		r.number(c, &v, low, high)
		if v != math.MinInt && slices.Contains(list, v) {
			r.fail(c, "%d is listed twice", v)
		}
		list = append(list, v)
	}
	slices.Sort(list)
	return list
}

// gene reads N, {uniform: […]}, {per_layer: […]} or the word derived.
func (r *reader) gene(n *yaml.Node, low, high int, derived string) Gene {
	form := "a number, {uniform: […]} or {per_layer: […]}"
	if derived != "" {
		form = "a number, {uniform: […]}, {per_layer: […]} or " + derived
	}
	switch {
	case n == nil || n.Kind == yaml.ScalarNode && derived != "" && n.Value == derived:
		return Gene{}
	case n.Kind == yaml.ScalarNode:
		return Gene{Choices: r.choices(n, low, high, form)}
	case n.Kind != yaml.MappingNode:
		r.fail(n, "%s where %s belongs", describe(n), form)
		return Gene{}
	case len(n.Content) != 2:
		r.fail(n, "%s where exactly one of uniform and per_layer belongs", describe(n))
		return Gene{}
	}
	keys := r.mapping(n, []string{"uniform", "per_layer"}, nil)
	if v := keys["uniform"]; v != nil {
		return Gene{Choices: r.choices(v, low, high, "a list")}
	}
	return Gene{Choices: r.choices(keys["per_layer"], low, high, "a list"), PerLayer: true}
}

// describe says what a node is, for "… where a number belongs".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%.40q", n.Value)
}
