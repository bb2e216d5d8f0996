package space

import (
	"fmt"
	"slices"
	"strings"
)

// Holding is what a space must offer to hold architectures of one form, in the words of
// its file.
func Holding(archs []Arch) string {
	const most = 12 // of values that are written out
	values := map[string][]int{}
	add := func(name string, v int) {
		if !slices.Contains(values[name], v) {
			values[name] = append(values[name], v)
		}
	}
	for _, a := range archs {
		add("vocabulary", a.Vocabulary)
		add("embedding", a.Embedding)
		add("hidden", a.Hidden)
		add("layers", len(a.Layers))
		for _, l := range a.Layers {
			add("heads", l.Heads)
			add("head_width", l.HeadWidth)
			add("kv_heads", l.KVHeads)
			add("ffn", l.FFN)
		}
	}
	words := []string{fmt.Sprintf("family: %v, gated: %t", archs[0].Family, archs[0].Gated)}
	for _, name := range []string{"vocabulary", "embedding", "hidden", "layers", "heads", "head_width", "kv_heads", "ffn"} {
		list := values[name]
		slices.Sort(list)
		text := strings.Trim(strings.ReplaceAll(fmt.Sprint(list[:min(len(list), most)]), " ", ", "), "[]")
		if n := len(list) - most; n > 0 {
			text += fmt.Sprintf(" and %d more up to %d", n, list[len(list)-1])
		}
		words = append(words, fmt.Sprintf("%s: [%s]", name, text))
	}
	return strings.Join(words, ", ")
}
