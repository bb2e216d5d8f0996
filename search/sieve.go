package search

import (
	"cmp"
	"slices"
)

// front keeps what no other of list covers in its costs, and of equals one, in
// lexicographic order.
func front[T any](list []T, costs func(*T) []float64, same int) []T {
	type key struct {
		first float64
		index int32
	}
	keys := make([]key, len(list))
	for i := range list {
		keys[i] = key{costs(&list[i])[0], int32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return cmp.Or(slices.Compare(costs(&list[a.index]), costs(&list[b.index])), cmp.Compare(a.index, b.index))
	})
	var kept []T
	filter := sieve{same: same}
	for _, k := range keys {
		c := costs(&list[k.index])
		if filter.n = len(c); filter.keep(c) {
			kept = append(kept, list[k.index])
		}
	}
	return kept
}

// sieve tells of n costs that come in lexicographic order whether those before
// cover them: of all, or of those that are equal in the cost numbered same.
type sieve struct {
	n      int
	same   int // -1: none
	any    bool
	last   float64  // the least second cost so far
	steps  stairs   // of the second and third
	rest   *orthant // of the second and all that follow
	ends   [][]float64
	groups map[float64]*sieve
}

// expect prepares for costs such as these, which makes the sieve of four and more fast.
func (s *sieve) expect(samples [][maxDims]float64) {
	if s.n < 4 || len(samples) == 0 {
		return
	}
	for k := 1; k <= s.n-3; k++ {
		s.ends = append(s.ends, quantiles(samples, k))
	}
}

// part is the sieve of those equal to c, and the costs that it compares.
func (s *sieve) part(c []float64) (of *sieve, left [maxDims]float64) {
	of = s.groups[c[s.same]]
	copy(left[:], c[:s.same])
	copy(left[s.same:], c[s.same+1:])
	return of, left
}

// covers reports whether keep would refuse c, if c came now.
func (s *sieve) covers(c []float64) bool {
	switch {
	case !s.any:
		return false
	case s.same >= 0:
		of, left := s.part(c)
		return of != nil && of.covers(left[:of.n])
	case s.n < 2:
		return true
	case s.n == 2:
		return s.last <= c[1]
	case s.n == 3:
		return s.steps.covers(c[1], c[2])
	}
	return s.rest.covers(c[1:])
}

func (s *sieve) keep(c []float64) bool {
	first := !s.any
	s.any = true
	switch {
	case s.same >= 0:
		of, left := s.part(c)
		if of == nil {
			if s.groups == nil {
				s.groups = map[float64]*sieve{}
			}
			of = &sieve{n: s.n - 1, same: -1}
			s.groups[c[s.same]] = of
		}
		return of.keep(left[:of.n])
	case s.n < 2:
		return first
	case s.n == 2:
		if !first && s.last <= c[1] {
			return false
		}
		s.last = c[1]
		return true
	case s.n == 3:
		return s.steps.add(c[1], c[2])
	}
	if first {
		s.rest = newOrthant(s.n-1, s.ends)
	}
	return s.rest.add(c[1:])
}
