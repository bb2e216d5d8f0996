package search

import (
	"encoding/binary"
	"math/bits"

	"nas/space"
)

// seen is the set of architectures that were bred, by a 64-bit hash of their genes:
// that two of a million share one has a probability of 3e-8, and costs the search
// the second of them.
type seen struct {
	slots []uint64 // open addressing; 0 is free
	n     int
}

// insert reports whether h is new.
func (s *seen) insert(h uint64) bool {
	if 2*s.n >= len(s.slots) {
		old := s.slots
		s.slots, s.n = make([]uint64, max(1024, 2*len(old))), 0
		for _, h := range old {
			if h != 0 {
				s.insert(h)
			}
		}
	}
	mask := uint64(len(s.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case h:
			return false
		case 0:
			s.slots[i] = h
			s.n++
			return true
		}
	}
}

// hash folds g by 128-bit products (as wyhash, Wang Yi 2019); it is never 0 and the
// same in every process.
func hash(g space.Genes) uint64 {
	const a, b = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	fold := func(x, y uint64) uint64 {
		high, low := bits.Mul64(x, y)
		return high ^ low
	}
	h := uint64(len(g)) ^ b
	for ; len(g) >= 8; g = g[8:] {
		h = fold(h^binary.LittleEndian.Uint64(g), a)
	}
	var tail [8]byte
	copy(tail[:], g)
	return max(fold(h^binary.LittleEndian.Uint64(tail[:]), a)^h>>31, 1)
}
