package latency

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A line goes through its knots, is between two of them between them, and beyond the
// first and the last it is flat.
func TestLine(t *testing.T) {
	var l line
	for k := range l {
		l[k] = float64(k)
	}
	for k := range l {
		bytes := int(math.Round(firstKnot * math.Exp2(float64(k)/perDoubling)))
		if v := l.at(placeOf(bytes)); math.Abs(v-float64(k)) > 1e-4 {
			t.Errorf("at %d bytes, knot %d, the line is %v", bytes, k, v)
		}
	}
	last := -1.0
	for bytes := 1; bytes < 1<<30; bytes += 1 + bytes/7 {
		p := placeOf(bytes)
		if p.knot < 0 || p.knot > knots-2 || p.part < 0 || p.part > 1 {
			t.Fatalf("%d bytes: %+v", bytes, p)
		}
		if v := l.at(p); v < last {
			t.Errorf("at %d bytes the line falls from %v to %v", bytes, last, v)
		} else {
			last = v
		}
	}
	if first, end := l.at(placeOf(0)), l.at(placeOf(math.MaxInt)); first != 0 || end != knots-1 {
		t.Errorf("the line ends at %v and %v", first, end)
	}
}

// The line is where the squares are least: a step off it in any knot makes them more.
func TestLeastSquares(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	type seen struct {
		place place
		value float64
	}
	for range 20 {
		var s leastSquares
		var list []seen
		hold := 0.1 + r.Float64()
		for range 1 + r.IntN(200) {
			o := seen{placeOf(int(firstKnot * math.Exp2(13*r.Float64()))), r.NormFloat64()}
			list = append(list, o)
			s.add(o.place, o.value, 1)
		}
		squares := func(l line) (sum float64) {
			for _, o := range list {
				sum += (l.at(o.place) - o.value) * (l.at(o.place) - o.value)
			}
			for k := 1; k < knots; k++ {
				sum += hold * (l[k] - l[k-1]) * (l[k] - l[k-1])
			}
			return sum
		}
		l := s.solve(hold)
		least := squares(l)
		for k := range l {
			for _, step := range []float64{-1e-3, 1e-3} {
				off := l
				off[k] += step
				if squares(off) <= least {
					t.Fatalf("a step of %v at knot %d of %d observations makes %v of %v", step, k, len(list), squares(off), least)
				}
			}
		}
	}
	if (new(leastSquares).solve(1) != line{}) {
		t.Error("without observations the line is not zero")
	}
}

// Lines rise by pools that keep the weighted mean.
func TestRising(t *testing.T) {
	const hold = 0.5
	r := rand.New(rand.NewPCG(3, 1))
	for range 50 {
		var before line
		var s leastSquares
		mean, weight := 0.0, 0.0
		for k := range before {
			before[k], s.square[k] = r.NormFloat64(), float64(r.IntN(5))
			mean, weight = mean+before[k]*(s.square[k]+hold), weight+s.square[k]+hold
		}
		l, after := s.rising(before, hold), 0.0
		for k, v := range l {
			if k > 0 && v < l[k-1] {
				t.Fatalf("%v falls: %v", before, l)
			}
			after += v * (s.square[k] + hold)
		}
		if math.Abs(after-mean) > 1e-9*weight {
			t.Errorf("%v has the mean %v, %v has %v", before, mean/weight, l, after/weight)
		}
		if again := s.rising(l, hold); again != l {
			t.Errorf("a rising line changed: %v to %v", l, again)
		}
	}
}
