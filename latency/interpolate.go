package latency

import (
	"cmp"
	"math"
	"slices"

	"nas/internal/statistics"
	"nas/space"
)

// interpolator guesses the time of ops that a table lacks. Each form of op (its kind
// and all of it that is no size) has a law: a sum of terms such as 1, rows*N and
// rows*N*K, of sizes rounded up to the tiles that kernels compute, with
// non-negative weights fitted to the entries. What the law leaves over is
// interpolated from the nearest entries.
type interpolator struct {
	forms map[space.Op]*form
	all   *form // of all ops, for forms that the table has none of
}

type form struct {
	terms   int
	weights [maxTerms]float64
	points  []point
	wide    float64 // logarithm of the factor that held 95 % of the entries when each was guessed from the others
	typical float64 // the same for half of them
}

type point struct {
	op       space.Op
	features [features]float64
	log      float64 // of its time
	rest     float64 // of that what the law leaves over
}

const (
	maxTerms  = 5
	features  = 8
	nearest   = 4
	checked   = 300  // entries guessed from the others, at most
	narrowest = 0.03 // logarithm of the narrowest interval's factor
	foreign   = 2.3  // log 10: the interval where no entry is of the op's form
	widest    = 7
)

// guess is the logarithm of a time, and of the factor that holds it with 95 %.
type guess struct {
	log, wide float64
	outside   bool // beyond the sizes of the form's entries
}

func newInterpolator(own map[space.Op]float64) *interpolator {
	in := &interpolator{forms: map[space.Op]*form{}, all: &form{terms: 1}}
	ops := make([]space.Op, 0, len(own))
	for o := range own {
		ops = append(ops, o)
	}
	space.SortOps(ops) // the same table guesses the same
	for _, o := range ops {
		key := formOf(o)
		f := in.forms[key]
		if f == nil {
			f = &form{terms: len(terms(o))}
			in.forms[key] = f
		}
		f.points = append(f.points, point{op: o, features: sizes(o), log: own[o]})
		in.all.points = append(in.all.points, point{op: o, log: own[o] - math.Log(work(o))})
	}
	for _, f := range in.forms {
		f.fit()
		f.check()
	}
	return in
}

// formOf is o without its sizes.
func formOf(o space.Op) space.Op {
	o.Batch, o.Rows, o.N, o.K, o.Heads, o.KVHeads, o.HeadWidth, o.Context = 0, 0, 0, 0, 0, 0, 0, 0
	return o
}

func tile(n, of int) float64 { return float64((n + of - 1) / of * of) }

// terms are what the time of o is a sum of.
func terms(o space.Op) []float64 {
	rows := float64(o.Rows) * float64(max(o.Batch, 1))
	switch o.Kind {
	case space.Embed, space.Norm:
		return []float64{1, rows, rows * tile(o.N, 16)}
	case space.Linear:
		n, k := tile(o.N, 16), tile(o.K, 4)
		if o.Rows > 1 {
			rows = tile(o.Rows, 4)
		}
		return []float64{1, rows * k, rows * n, n * k, rows * n * k}
	case space.KVStore:
		return []float64{1, rows * float64(o.KVHeads), rows * float64(o.KVHeads) * tile(o.HeadWidth, 4), rows * float64(o.Heads+o.KVHeads) * float64(o.HeadWidth)}
	}
	blocks := float64(max(o.Batch, 1)) * float64(o.Heads)
	if o.Rows > 1 {
		blocks *= tile(o.Rows, 12)
	}
	context := tile(o.Context, 16)
	return []float64{1, blocks * tile(o.HeadWidth, 16), blocks * context, blocks * context * tile(o.HeadWidth, 16)}
}

// sizes are what tells how near two ops of a form are: logarithms.
func sizes(o space.Op) [features]float64 {
	list := [features]int{o.Batch, o.Rows, o.N, o.K, o.Heads, o.KVHeads, o.HeadWidth, o.Context}
	var f [features]float64
	for i, v := range list {
		f[i] = math.Log2(float64(v + 1))
	}
	return f
}

func (f *form) law(o space.Op) float64 {
	sum := 0.0
	for i, t := range terms(o) {
		sum += f.weights[i] * t
	}
	return sum
}

// fit finds the weights that make the relative errors small, by coordinate descent
// on non-negative least squares.
func (f *form) fit() {
	var gram [maxTerms][maxTerms]float64
	var target [maxTerms]float64
	for _, p := range f.points {
		x := terms(p.op)
		for i := range x {
			x[i] /= math.Exp(p.log)
		}
		for i := range x {
			target[i] += x[i]
			for j := range x {
				gram[i][j] += x[i] * x[j]
			}
		}
	}
	for range 2000 {
		for i := range f.terms {
			rest := target[i]
			for j := range f.terms {
				if j != i {
					rest -= gram[i][j] * f.weights[j]
				}
			}
			f.weights[i] = max(rest/gram[i][i], 0)
		}
	}
	for i := range f.points {
		p := &f.points[i]
		p.rest = p.log - math.Log(f.law(p.op))
	}
}

// check guesses entries from the others, to know how far guesses go astray.
func (f *form) check() {
	var misses []float64
	for i := 0; i < len(f.points) && len(f.points) > 1; i += 1 + len(f.points)/checked {
		p := &f.points[i]
		rest, _ := f.near(p.op)
		misses = append(misses, math.Abs(rest-p.rest))
	}
	f.wide, f.typical = 1, 1
	if len(misses) > 0 {
		f.wide, f.typical = max(statistics.Quantile(misses, 0.95), narrowest), statistics.Median(misses)
	}
}

// near is what the law leaves over at o, from the nearest entries other than o, and
// the distance of the nearest.
func (f *form) near(o space.Op) (rest, distance float64) {
	type neighbour struct{ distance, rest float64 }
	at := sizes(o)
	var list []neighbour
	for _, p := range f.points {
		if p.op == o {
			continue
		}
		d := 0.0
		for i := range at {
			d += (at[i] - p.features[i]) * (at[i] - p.features[i])
		}
		n := neighbour{math.Sqrt(d), p.rest}
		i, _ := slices.BinarySearchFunc(list, n, func(a, b neighbour) int { return cmp.Compare(a.distance, b.distance) })
		if i < nearest {
			list = slices.Insert(list, i, n)
			list = list[:min(len(list), nearest)]
		}
	}
	if len(list) == 0 {
		return 0, 1
	}
	weights := 0.0
	for _, n := range list {
		w := 1 / (0.02 + n.distance*n.distance)
		rest += w * n.rest
		weights += w
	}
	return rest / weights, list[0].distance
}

// outside reports whether a size of o is beyond those of the entries.
func (f *form) outside(o space.Op) bool {
	at := sizes(o)
	for i := range at {
		low := slices.MinFunc(f.points, func(a, b point) int { return cmp.Compare(a.features[i], b.features[i]) }).features[i]
		high := slices.MaxFunc(f.points, func(a, b point) int { return cmp.Compare(a.features[i], b.features[i]) }).features[i]
		if at[i] < low || at[i] > high {
			return true
		}
	}
	return false
}

// guess widens with the distance to the nearest entry, one doubling of a size adding
// the form's own error again; beyond the entries twice as much.
func (in *interpolator) guess(o space.Op) guess {
	f := in.forms[formOf(o)]
	if f == nil {
		logs := make([]float64, len(in.all.points))
		for i, p := range in.all.points {
			logs[i] = p.log
		}
		return guess{statistics.Median(logs) + math.Log(work(o)), foreign, true}
	}
	rest, distance := f.near(o)
	g := guess{log: math.Log(f.law(o)) + rest, wide: f.wide * (1 + distance/2), outside: f.outside(o)}
	if g.outside {
		g.wide = min(2*g.wide+0.1*distance, widest)
	}
	g.wide = min(g.wide, widest)
	return g
}

// work is a rough count of what an op does, in multiply-adds.
func work(o space.Op) float64 {
	rows := float64(o.Rows) * float64(max(o.Batch, 1))
	const float = 16 // multiply-adds that take as long as one float32 operation
	moved := 0.0
	switch o.Kind {
	case space.Embed:
		moved = rows * float64(o.N) * float64(o.Tables)
	case space.Norm:
		moved = rows * float64(o.N)
	case space.Linear:
		moved = rows*float64(o.N+o.K) + float64(o.N)*float64(o.K)/16 // weights are read once
	case space.KVStore:
		moved = rows * float64(o.Heads+2*o.KVHeads) * float64(o.HeadWidth)
	case space.Attention:
		moved = rows * float64(o.Heads) * float64(o.HeadWidth+o.Context)
	}
	return float64(o.MACs()) + float*moved + 100
}
