package latency

import "math"

// A line is a quantity against the weights that a run streams: straight between
// knots, a quarter of a doubling apart. Where the weights lie, in a cache or behind
// it, decides what a step takes, and where a cache shared with others ends is for
// the measurements to say.
type line [knots]float64

const (
	firstKnot   = 1 << 17 // bytes
	perDoubling = 4
	knots       = 12*perDoubling + 1
)

// place is where models that stream so many bytes lie: after which knot, and how far
// to the next.
type place struct {
	knot int
	part float64
}

func placeOf(bytes int) place {
	at := perDoubling * math.Log2(math.Max(float64(bytes), firstKnot)/firstKnot)
	knot := min(int(at), knots-2)
	return place{knot, min(at-float64(knot), 1)}
}

func (l *line) at(p place) float64 { return (1-p.part)*l[p.knot] + p.part*l[p.knot+1] }

// leastSquares finds the line nearest to weighted observations.
type leastSquares struct {
	square, cross [knots]float64 // of the weights of knots; of one and the next
	value         [knots]float64
}

func (s *leastSquares) add(p place, value, weight float64) {
	a, b := 1-p.part, p.part
	s.square[p.knot] += weight * a * a
	s.square[p.knot+1] += weight * b * b
	s.cross[p.knot] += weight * a * b
	s.value[p.knot] += weight * a * value
	s.value[p.knot+1] += weight * b * value
}

// solve is the line. Neighbouring knots are held together, as by observations of that
// weight, so that one with few of its own takes after those beside it; without any the
// line is zero. By elimination, since a knot knows its neighbours alone.
func (s *leastSquares) solve(hold float64) (l line) {
	diagonal, next, value := s.square, s.cross, s.value
	for k := range knots - 1 {
		diagonal[k] += hold
		diagonal[k+1] += hold
		next[k] -= hold
	}
	diagonal[0] += 1e-9 // bonds alone leave the line's height open
	for k := range knots - 1 {
		by := next[k] / diagonal[k]
		diagonal[k+1] -= by * next[k]
		value[k+1] -= by * value[k]
	}
	for k := knots - 1; k >= 0; k-- {
		if k < knots-1 {
			value[k] -= next[k] * l[k+1]
		}
		l[k] = value[k] / diagonal[k]
	}
	return l
}

// rising is l made not to fall from one knot to the next, by the mean of those that
// do (pool adjacent violators, Ayer et al. 1955): weights that come from further away
// do not come sooner, so a fall is noise. Knots weigh as much as s knows of them.
func (s *leastSquares) rising(l line, hold float64) line {
	type pool struct {
		mean, weight float64
		end          int
	}
	var pools []pool
	for k, v := range l {
		next := pool{v, s.square[k] + hold, k + 1}
		for len(pools) > 0 && pools[len(pools)-1].mean > next.mean {
			last := pools[len(pools)-1]
			weight := last.weight + next.weight
			next = pool{(last.mean*last.weight + next.mean*next.weight) / weight, weight, next.end}
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, next)
	}
	k := 0
	for _, p := range pools {
		for ; k < p.end; k++ {
			l[k] = p.mean
		}
	}
	return l
}
