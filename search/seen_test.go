package search

import (
	"math/rand/v2"
	"testing"
)

// The set of hashes tells what a map of keys tells.
func TestSeen(t *testing.T) {
	s, r := load(t, "encoder-compact"), rand.New(rand.NewPCG(1, 1))
	var set seen
	keys := map[string]bool{}
	g := s.Sample(r)
	for i := range 300000 {
		if g = s.Mutate(r, g); i%10 == 0 {
			g = s.Sample(r)
		}
		if got, want := set.insert(hash(g)), !keys[string(g)]; got != want {
			t.Fatalf("%v: new %t, want %t", g, got, want)
		}
		keys[string(g)] = true
	}
	if set.n != len(keys) {
		t.Errorf("%d members, want %d", set.n, len(keys))
	}
}
