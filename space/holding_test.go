package space

import (
	"regexp"
	"strings"
	"testing"
)

// Holding speaks in keys that a space's file takes, and names every choice.
func TestHolding(t *testing.T) {
	takes := func(key string) bool {
		_, err := Parse("x", []byte(key+": 1"))
		return !strings.Contains(err.Error(), "key "+`"`+key+`"`)
	}
	if takes("colour") {
		t.Fatal("a space takes the key colour")
	}
	var archs []Arch
	for _, r := range References(Encoder) {
		archs = append(archs, r.Arch)
	}
	text := Holding(archs)
	keys := regexp.MustCompile(`(\w+): `).FindAllStringSubmatch(text, -1)
	for _, k := range keys {
		if !takes(k[1]) {
			t.Errorf("%s is no key of a space", k[1])
		}
	}
	if len(keys) != 10 || !strings.Contains(text, "layers: [2, 4, 6, 8, 12]") || !strings.Contains(text, "hidden: [128, 256, 312, 512, 768]") {
		t.Errorf("got %s", text)
	}
}
