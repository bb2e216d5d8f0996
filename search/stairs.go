package search

import "slices"

// stairs are points of two costs none of which covers another, by the first cost, in
// blocks: an insertion moves few of them.
type stairs struct {
	first  []float64 // of each block, its first cost
	blocks []*flight
}

// flight is a block of stairs.
type flight struct {
	n    int
	x, y [flightSize]float64
}

const flightSize = 64

// upTo is how many of a sorted list are at most x.
func upTo(list []float64, x float64) int {
	low, high := 0, len(list)
	for low < high {
		if middle := int(uint(low+high) / 2); list[middle] <= x {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// below is how many of a sorted list are less than x.
func below(list []float64, x float64) int {
	low, high := 0, len(list)
	for low < high {
		if middle := int(uint(low+high) / 2); list[middle] < x {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// covers reports whether a point is at most x, y in both costs: of those up to x the
// last has the least second cost.
func (s *stairs) covers(x, y float64) bool {
	at := upTo(s.first, x) - 1
	if at < 0 {
		return false
	}
	b := s.blocks[at]
	return b.y[upTo(b.x[:b.n], x)-1] <= y
}

// add reports whether nothing covers x, y, and takes it in for what it covers.
func (s *stairs) add(x, y float64) bool {
	at, i := upTo(s.first, x)-1, 0
	switch {
	case at >= 0:
		b := s.blocks[at]
		if i = upTo(b.x[:b.n], x); b.y[i-1] <= y {
			return false
		}
		if b.x[i-1] == x {
			i--
		}
	case len(s.blocks) == 0:
		s.first, s.blocks = []float64{x}, []*flight{{}}
		fallthrough
	default:
		at = 0
	}
	s.drop(at, i, y)
	b := s.blocks[at]
	copy(b.x[i+1:b.n+1], b.x[i:b.n])
	copy(b.y[i+1:b.n+1], b.y[i:b.n])
	b.x[i], b.y[i] = x, y
	b.n++
	s.first[at] = b.x[0]
	if b.n == flightSize {
		s.split(at)
	}
	return true
}

// drop removes what a second cost of y covers, from place i of a block on.
func (s *stairs) drop(at, i int, y float64) {
	if s.blocks[at].cut(i, y); s.blocks[at].n > i {
		return
	}
	end := at + 1
	for end < len(s.blocks) && s.blocks[end].y[s.blocks[end].n-1] >= y {
		end++
	}
	s.first, s.blocks = slices.Delete(s.first, at+1, end), slices.Delete(s.blocks, at+1, end)
	if at+1 < len(s.blocks) {
		s.blocks[at+1].cut(0, y)
		s.first[at+1] = s.blocks[at+1].x[0]
	}
}

// cut removes points from i on whose second cost is at least y.
func (b *flight) cut(i int, y float64) {
	end := i
	for end < b.n && b.y[end] >= y {
		end++
	}
	copy(b.x[i:], b.x[end:b.n])
	copy(b.y[i:], b.y[end:b.n])
	b.n -= end - i
}

// split makes two of a full block.
func (s *stairs) split(at int) {
	b, half := s.blocks[at], &flight{n: flightSize / 2}
	copy(half.x[:], b.x[flightSize/2:])
	copy(half.y[:], b.y[flightSize/2:])
	b.n = flightSize / 2
	s.first, s.blocks = slices.Insert(s.first, at+1, half.x[0]), slices.Insert(s.blocks, at+1, half)
}
