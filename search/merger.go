package search

// merger merges what options make of partial architectures.
type merger struct {
	*zone
	from []partial
	*room
	filter sieve
}

// stream is what one option makes of all partial architectures of a depth.
type stream struct {
	head   [maxDims]float64
	add    [maxDims]float64
	option int32
	at     int32
}

// advance moves s to its next head that is worth merging: within the limits, and not
// covered by what was merged, all of which comes before it. Most are, and never cost
// a step of the heap.
func (m *merger) advance(s *stream) bool {
	for s.at++; int(s.at) < len(m.from); s.at++ {
		p := &m.from[s.at]
		for i := range m.dims {
			s.head[i] = p.sums[i] + s.add[i]
		}
		if !m.filter.covers(s.head[:m.dims]) && !m.outside(&s.head, m.room) {
			return true
		}
	}
	return false
}

func (s *stream) less(o *stream) bool {
	for i := range s.head {
		if s.head[i] != o.head[i] {
			return s.head[i] < o.head[i]
		}
	}
	return s.option < o.option
}

// sift restores the heap of streams, least head first, below i.
func sift(lists []stream, i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(lists); child++ {
			if lists[child].less(&lists[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		lists[i], lists[least] = lists[least], lists[i]
		i = least
	}
}
