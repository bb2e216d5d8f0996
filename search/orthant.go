package search

import (
	"math"
	"slices"
)

// orthant holds points of two and more costs and tells whether one of them is at most
// as large as a point in every cost. Points of three and more lie in ranges of their
// first cost; a Fenwick tree over the ranges holds, of what lies in those below a
// point's own, the other costs; those in its own are looked at one by one.
type orthant struct {
	n      int
	ends   [][]float64 // of the ranges of each cost but the last two; nil: one range
	steps  stairs      // of two costs
	tree   []*orthant
	ranges [][]float64 // points, n costs each
}

func newOrthant(n int, ends [][]float64) *orthant {
	o := &orthant{n: n, ends: ends}
	if n > 2 {
		of := 1
		if len(ends) > 0 {
			of += len(ends[0])
		}
		o.tree, o.ranges = make([]*orthant, of), make([][]float64, of)
	}
	return o
}

// place is the range of a first cost.
func (o *orthant) place(v float64) int {
	if len(o.ends) == 0 {
		return 0
	}
	return below(o.ends[0], v)
}

func (o *orthant) covers(c []float64) bool {
	if o.n == 2 {
		return o.steps.covers(c[0], c[1])
	}
	at := o.place(c[0])
	for i := at; i > 0; i &= i - 1 {
		if part := o.tree[i-1]; part != nil && part.covers(c[1:]) {
			return true
		}
	}
	list := o.ranges[at]
	for ; len(list) > 0; list = list[o.n:] {
		if covers(list[:o.n], c) {
			return true
		}
	}
	return false
}

// add reports whether nothing covers c, and takes it in.
func (o *orthant) add(c []float64) bool {
	if o.n == 2 {
		return o.steps.add(c[0], c[1])
	}
	if o.covers(c) {
		return false
	}
	at := o.place(c[0])
	o.ranges[at] = append(o.ranges[at], c...)
	for i := at + 1; i <= len(o.tree); i += i & -i {
		of := &o.tree[i-1]
		if *of == nil {
			*of = newOrthant(o.n-1, o.ends[min(1, len(o.ends)):])
		}
		(*of).add(c[1:])
	}
	return true
}

// Ranges of an orthant: about so many samples lie in each, and there are at most so many.
const (
	inRange    = 8
	mostRanges = 512
)

// quantiles are the ends of ranges that hold about equally many samples of cost k.
func quantiles(samples [][maxDims]float64, k int) (ends []float64) {
	values := make([]float64, len(samples))
	for i := range samples {
		values[i] = samples[i][k]
	}
	slices.Sort(values)
	n := min(len(values)/inRange, mostRanges)
	for i := 1; i < n; i++ {
		ends = append(ends, values[i*len(values)/n])
	}
	return slices.Compact(ends)
}

// mostSamples bounds the time that quantiles take.
const mostSamples = 1 << 13

// samples are sums that options make of partial architectures, spread over both.
func samples(from []partial, options []option, dims int) (list [][maxDims]float64) {
	if dims < 4 || len(options) == 0 {
		return nil
	}
	step := float64(max(len(from), 1)) / math.Min(mostSamples, float64(len(from)))
	for i := 0; float64(i)*step < float64(len(from)); i++ {
		sums := from[int(float64(i)*step)].sums
		for k, v := range options[i%len(options)].sums {
			sums[k] += v
		}
		list = append(list, sums)
	}
	return list
}
