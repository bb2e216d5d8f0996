package latency

import (
	"cmp"
	"math"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

// interpolator guesses the time of ops that a table lacks: the work of the op times
// the time per work of the nearest entries of its kind, weighted by distance.
type interpolator struct {
	known [5][]known // by space.Kind
	wide  [5]float64 // log of the factor that held 95 % of the entries when each was guessed from the others
	all   []known
}

type known struct {
	op       space.Op
	features [11]float64
	rate     float64 // log of ns per unit of work
}

const (
	neighbours = 4
	checked    = 400 // entries guessed from the others, at most
	narrowest  = 0.1 // log of the narrowest interval's factor
	foreign    = 2.3 // log 10: the interval where no entry is of the op's kind
)

func newInterpolator(t *Table) *interpolator {
	in := &interpolator{}
	for _, o := range t.Ops() { // in order: the same table guesses the same
		k := known{o, features(o), math.Log(t.Entries[o].Floor / work(o))}
		in.known[o.Kind] = append(in.known[o.Kind], k)
		in.all = append(in.all, k)
	}
	for kind, list := range in.known {
		var misses []float64
		for i := 0; i < len(list) && len(list) > 1; i += 1 + len(list)/checked {
			rate, _ := guess(list, list[i].op)
			misses = append(misses, math.Abs(rate-list[i].rate))
		}
		in.wide[kind] = 1
		if len(misses) > 0 {
			in.wide[kind] = max(statistics.Quantile(misses, 0.95), narrowest)
		}
	}
	return in
}

// estimate widens with the distance to the nearest entry, one doubling of a size
// adding the kind's own error again.
func (in *interpolator) estimate(o space.Op) Estimate {
	list, wide := in.known[o.Kind], in.wide[o.Kind]
	if len(list) == 0 {
		list, wide = in.all, foreign
	}
	rate, distance := guess(list, o)
	wide = min(wide*(1+distance/2), 7)
	ns := math.Exp(rate) * work(o)
	return Estimate{Nanoseconds: ns, Low: ns * math.Exp(-wide), High: ns * math.Exp(wide), Unknown: 1}
}

// guess is the weighted mean rate of the entries nearest to o, o itself left out,
// and the distance of the nearest.
func guess(list []known, o space.Op) (rate, distance float64) {
	type near struct{ distance, rate float64 }
	f := features(o)
	var nearest []near
	for _, k := range list {
		if k.op == o {
			continue
		}
		d := 0.0
		for i := range f {
			d += (f[i] - k.features[i]) * (f[i] - k.features[i])
		}
		d = math.Sqrt(d)
		at, _ := slices.BinarySearchFunc(nearest, d, func(n near, d float64) int { return cmp.Compare(n.distance, d) })
		if at < neighbours {
			nearest = slices.Insert(nearest, at, near{d, k.rate})
			nearest = nearest[:min(len(nearest), neighbours)]
		}
	}
	weights := 0.0
	for _, n := range nearest {
		w := 1 / (0.05 + n.distance*n.distance)
		rate += w * n.rate
		weights += w
	}
	return rate / weights, nearest[0].distance
}
