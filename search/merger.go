package search

import "context"

// merger extends partial architectures by a layer and keeps what no other beats.
type merger struct {
	*exact
	*program
	*room
	from    []partial
	filter  *sieves
	streams []stream
	count   int64 // partial architectures that were looked at
}

// stream is what one option makes of all partial architectures, whose lexicographic
// order stays.
type stream struct {
	*option
	number int32
	at     int32
	class  int32
	head   [maxDims]float64
}

// merge takes the streams in lexicographic order.
func (m *merger) merge(ctx context.Context, from []partial) (next []partial) {
	m.from = from
	heads := make([]head, 0, len(m.streams))
	for i := range m.streams {
		if s := &m.streams[i]; m.advance(s) {
			heads = append(heads, head{s.head[0], s})
		}
	}
	for i := len(heads)/2 - 1; i >= 0; i-- {
		sift(heads, i)
	}
	for len(heads) > 0 {
		s := heads[0].of
		if m.filter.keep(s.head[:m.dims], s.class) {
			next = append(next, partial{s.head, s.at, s.number, s.class})
			m.count += int64(len(m.above[s.class]))
		}
		if m.advance(s) {
			heads[0].first = s.head[0]
		} else {
			heads[0] = heads[len(heads)-1]
			heads = heads[:len(heads)-1]
		}
		sift(heads, 0)
		if m.count > 1<<16 {
			if m.tell(); m.stopped(ctx) {
				return nil
			}
		}
	}
	m.tell()
	return next
}

// tell adds to the effort so far.
func (m *merger) tell() {
	m.spent.Add(m.count)
	m.count = 0
}

// advance moves s to its next head that is worth merging: within the limits, and not
// covered by what was merged, all of which comes before it. Most are, and never cost
// a step of the heap.
func (m *merger) advance(s *stream) bool {
	for s.at++; int(s.at) < len(m.from); s.at++ {
		p := &m.from[s.at]
		if p.option > s.number && m.position == nil {
			continue // spelled with the layers the other way round
		}
		m.count++
		for i := range m.dims {
			s.head[i] = p.sums[i] + s.sums[i]
		}
		s.class = m.join[p.class][s.kind]
		if !m.filter.covers(s.head[:m.dims], s.class) && !m.outside(s) {
			return true
		}
	}
	return false
}

// outside reports whether s breaks a limit whatever is added to its head.
func (m *merger) outside(s *stream) bool {
	for i := range m.program.zone.sums {
		sum := &m.program.zone.sums[i]
		v := s.head[sum.dim]
		if sum.arena {
			v += float64(m.needs[s.class].arena(m.threads))
		}
		if sum.limit > 0 && v+m.least[i] > sum.limit || sum.least > 0 && v+m.most[i] < sum.least {
			return true
		}
	}
	return false
}

// head is a stream in a heap, the least head first.
type head struct {
	first float64
	of    *stream
}

func (h *head) less(o *head) bool {
	if h.first != o.first {
		return h.first < o.first
	}
	for i := range h.of.head {
		if h.of.head[i] != o.of.head[i] {
			return h.of.head[i] < o.of.head[i]
		}
	}
	return h.of.number < o.of.number
}

// sift restores the heap below i.
func sift(heads []head, i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(heads); child++ {
			if heads[child].less(&heads[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		heads[i], heads[least] = heads[least], heads[i]
		i = least
	}
}
