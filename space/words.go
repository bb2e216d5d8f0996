package space

import (
	"fmt"
	"strconv"
	"strings"
)

// String is a in words, layers of equal value counted:
// "hidden 256 (embedding 128), 4 layers, heads 3×4 2, head width 64, ffn 1024".
func (a Arch) String() string {
	s := fmt.Sprintf("hidden %d", a.Hidden)
	if a.Factorised() {
		s += fmt.Sprintf(" (embedding %d)", a.Embedding)
	}
	layers := "1 layer"
	if len(a.Layers) != 1 {
		layers = fmt.Sprintf("%d layers", len(a.Layers))
	}
	s += fmt.Sprintf(", %s, heads %s", layers, a.Heads())
	return s + fmt.Sprintf(", head width %s, ffn %s", a.HeadWidths(), a.FFN())
}

// HeadWidths is the width of each layer's heads in short form.
func (a Arch) HeadWidths() string {
	return a.runs(func(l Layer) string { return strconv.Itoa(l.HeadWidth) })
}

// Heads is the heads of each layer in short form, with KV heads behind a slash
// where they are fewer: "3×8/2 4".
func (a Arch) Heads() string {
	return a.runs(func(l Layer) string {
		if l.KVHeads == l.Heads {
			return strconv.Itoa(l.Heads)
		}
		return fmt.Sprintf("%d/%d", l.Heads, l.KVHeads)
	})
}

// FFN is the feed-forward widths of each layer in short form: "3×1024 512".
func (a Arch) FFN() string { return a.runs(func(l Layer) string { return strconv.Itoa(l.FFN) }) }

// runs writes a property of each layer, first layer first; a run of n equal values
// is "n×value", and one value for all layers stands alone.
func (a Arch) runs(property func(Layer) string) string {
	var runs []string
	for i := 0; i < len(a.Layers); {
		v, n := property(a.Layers[i]), 1
		for i+n < len(a.Layers) && property(a.Layers[i+n]) == v {
			n++
		}
		if i += n; n > 1 && n < len(a.Layers) {
			v = fmt.Sprintf("%d×%s", n, v)
		}
		runs = append(runs, v)
	}
	return strings.Join(runs, " ")
}
