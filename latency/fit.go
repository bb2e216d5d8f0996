package latency

import (
	"math"
	"slices"

	"nas/space"
)

// fit explains a table: the logarithm of an op's time in a model is the op's own
// plus what the regime adds to its class, on a line between the regimes' middles. An
// op's time is its share of the whole run's: steps alone have a lower floor than
// together. Neighbouring regimes are held together, so that a regime with few models
// takes after those beside it.
type fit struct {
	op     map[space.Op]float64
	factor [classes][regimes]float64
}

const (
	fitRounds = 40
	hold      = 1.0 // how many observations a neighbouring regime counts as
)

func newFit(models []Model) *fit {
	f := &fit{op: map[space.Op]float64{}}
	type observation struct {
		class  class
		regime int
		log    float64
	}
	seen := map[space.Op][]observation{}
	for i := range models {
		m, whole := &models[i], 0.0
		if m.Complete() {
			whole = math.Log(m.Whole.Floor / m.Sum())
		}
		for _, o := range m.Ops {
			seen[o.Op] = append(seen[o.Op], observation{classOf(o.Op), regimeOf(m.Bytes), math.Log(o.Floor) + whole})
		}
	}
	ops := make([]space.Op, 0, len(seen)) // in order: sums of floats depend on it
	for o := range seen {
		ops = append(ops, o)
	}
	space.SortOps(ops)
	var n [classes][regimes]float64
	for range fitRounds {
		var sum [classes][regimes]float64
		n = [classes][regimes]float64{}
		for _, o := range ops {
			mean := 0.0
			for _, v := range seen[o] {
				mean += v.log - f.factor[v.class][v.regime]
			}
			mean /= float64(len(seen[o]))
			f.op[o] = mean
			for _, v := range seen[o] {
				sum[v.class][v.regime] += v.log - mean
				n[v.class][v.regime]++
			}
		}
		for c := range sum {
			smooth(&f.factor[c], &sum[c], &n[c])
		}
	}
	whole := f.wholes(models)
	for c := range f.factor {
		for r := range whole {
			f.factor[c][r] += whole[r]
		}
		rise(&f.factor[c], &n[c])
	}
	return f
}

// smooth takes one step towards the values that are near the mean of the
// observations and near their neighbours.
func smooth(values, sum, n *[regimes]float64) {
	for r := range values {
		s, weight := sum[r], n[r]
		for _, at := range []int{r - 1, r + 1} {
			if at >= 0 && at < regimes {
				s += hold * values[at]
				weight += hold
			}
		}
		values[r] = s / weight
	}
}

// wholes is what whole runs of each regime take beyond the sum that f makes of them,
// as a factor's logarithm. What a run costs besides its steps, such as waking the
// workers, is in it.
func (f *fit) wholes(models []Model) (log [regimes]float64) {
	var sum, n [regimes]float64
	for i := range models {
		if m := &models[i]; m.Complete() {
			sum[regimeOf(m.Bytes)] += math.Log(m.Whole.Floor / f.sum(m))
			n[regimeOf(m.Bytes)]++
		}
	}
	for range fitRounds {
		smooth(&log, &sum, &n)
	}
	return log
}

// at is what a class takes beyond its ops' own in a model that streams so many bytes.
func (f *fit) at(c class, bytes int) float64 {
	r, part := between(bytes)
	return (1-part)*f.factor[c][r] + part*f.factor[c][r+1]
}

// sum is the time that f makes of a model whose ops it knows.
func (f *fit) sum(m *Model) float64 {
	sum := 0.0
	for _, o := range m.Ops {
		sum += float64(o.Count) * math.Exp(f.op[o.Op]+f.at(classOf(o.Op), m.Bytes))
	}
	return sum
}

// rise makes values not fall from one regime to the next, by the mean of those that
// do (pool adjacent violators, Ayer et al. 1955): weights that come from further away
// do not come sooner, so a fall is noise. n are the values' observations.
func rise(values, n *[regimes]float64) {
	type pool struct {
		mean, weight float64
		end          int
	}
	var pools []pool
	for r, v := range values {
		next := pool{v, n[r] + hold, r + 1}
		for len(pools) > 0 && pools[len(pools)-1].mean > next.mean {
			last := pools[len(pools)-1]
			weight := last.weight + next.weight
			next = pool{(last.mean*last.weight + next.mean*next.weight) / weight, weight, next.end}
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, next)
	}
	r := 0
	for _, p := range pools {
		for ; r < p.end; r++ {
			values[r] = p.mean
		}
	}
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
