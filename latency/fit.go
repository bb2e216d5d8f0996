package latency

import (
	"math"
	"slices"

	"nas/space"
)

// fit explains a table: the logarithm of an op's time in a model is the op's own
// plus what its class takes more where so many weights are streamed, by least squares
// in which an op weighs as much as it takes of its class's time in the model. An op's
// time is its share of the whole run's: steps alone have a lower floor than together.
type fit struct {
	op    map[space.Op]float64
	class [classes]line
}

const (
	fitRounds = 40
	fitHold   = 0.5 // the weight of the bond between knots, in models
)

func newFit(models []Model) *fit {
	f := &fit{op: map[space.Op]float64{}}
	type observation struct {
		place       place
		log, weight float64
	}
	seen := map[space.Op][]observation{}
	for i := range models {
		m := &models[i]
		together, times := math.Log(m.together()), m.byClass()
		for _, o := range m.Ops {
			part := float64(o.Count) * o.Floor / times[classOf(o.Op)]
			seen[o.Op] = append(seen[o.Op], observation{placeOf(m.Bytes), math.Log(o.Floor) + together, part})
		}
	}
	ops := make([]space.Op, 0, len(seen)) // in order: sums of floats depend on it
	for o := range seen {
		ops = append(ops, o)
	}
	space.SortOps(ops)
	observations, own := make([][]observation, len(ops)), make([]float64, len(ops))
	for i, o := range ops {
		observations[i] = seen[o]
	}
	var squares [classes]leastSquares
	for range fitRounds {
		squares = [classes]leastSquares{}
		for i, o := range ops {
			c := classOf(o)
			sum, weights := 0.0, 0.0
			for _, v := range observations[i] {
				sum += v.weight * (v.log - f.class[c].at(v.place))
				weights += v.weight
			}
			own[i] = sum / weights
			for _, v := range observations[i] {
				squares[c].add(v.place, v.log-own[i], v.weight)
			}
		}
		for c := range squares {
			f.class[c] = squares[c].solve(fitHold)
		}
	}
	for i, o := range ops {
		f.op[o] = own[i]
	}
	whole := f.wholes(models)
	for c := range f.class {
		for k := range whole {
			f.class[c][k] += whole[k]
		}
		f.class[c] = squares[c].rising(f.class[c], fitHold)
	}
	return f
}

// wholes is what whole runs take beyond the sum that f makes of them, as a factor's
// logarithm. What a run costs besides its steps, such as waking the workers, is in it.
func (f *fit) wholes(models []Model) line {
	var squares leastSquares
	for i := range models {
		if m := &models[i]; m.Complete() {
			squares.add(placeOf(m.Bytes), math.Log(m.Whole.Floor/f.sum(m)), 1)
		}
	}
	return squares.solve(fitHold)
}

// at is what a class takes beyond its ops' own in a model that streams so many bytes.
func (f *fit) at(c class, bytes int) float64 { return f.class[c].at(placeOf(bytes)) }

// sum is the time that f makes of a model whose ops it knows.
func (f *fit) sum(m *Model) float64 {
	sum := 0.0
	for _, o := range m.Ops {
		sum += float64(o.Count) * math.Exp(f.op[o.Op]+f.at(classOf(o.Op), m.Bytes))
	}
	return sum
}

// residuals predict each whole model from the others, in so many parts, and say by
// how much the logarithm of the measured time differs. Models with an op that only
// they have are left out.
func residuals(models []Model, parts int) (list []float64) {
	for part := range min(parts, len(models)) {
		var rest []Model
		for i := range models {
			if i%parts != part {
				rest = append(rest, models[i])
			}
		}
		f := newFit(rest)
		for i := part; i < len(models); i += parts {
			m := &models[i]
			if !m.Complete() || slices.ContainsFunc(m.Ops, func(o OpEntry) bool { _, ok := f.op[o.Op]; return !ok }) {
				continue
			}
			list = append(list, math.Log(m.Whole.Floor/f.sum(m)))
		}
	}
	return list
}
