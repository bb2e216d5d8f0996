package results

import (
	"errors"
	"math"
	"slices"

	"nas/search"
)

// Duel holds two fronts against each other.
type Duel struct {
	Objectives []string  `json:"objectives"`
	Reference  []float64 `json:"reference"` // what the hypervolumes are measured to, in base units: ns, bytes
	Sides      [2]Side   `json:"sides"`
	Both       int       `json:"both"` // members of the first that the second has too
	Warnings   []string  `json:"warnings"`

	fronts [2][]Candidate
}

// Side is one of the fronts.
type Side struct {
	Name        string    `json:"name"`
	Members     int       `json:"members"`
	Hypervolume float64   `json:"hypervolume"` // of the box between the best of both fronts and Reference; -1: of one objective there is none
	Covers      float64   `json:"covers"`      // C metric (Zitzler & Thiele 1998): the share of the other's members that a member here equals or dominates
	Best        []float64 `json:"best"`        // of each objective
	Beaten      []Beaten  `json:"beaten"`      // members here that one of the other front dominates
	Clearly     int       `json:"clearly"`     // of these, by Clear or more in some objective
	conditions  Conditions
}

// Beaten is a member that is dominated, and the member of the other front that
// dominates it by the most.
type Beaten struct {
	Member int       `json:"member"` // from 0
	By     int       `json:"by"`     // of the other front
	Gains  []float64 `json:"gains"`  // relative, of each objective, 0 or more
}

// Clear is the relative difference below which nothing is said to be better: floors
// are known to 1 %.
const Clear = 0.01

// beyond is by how much of the range of both fronts Reference lies behind the worst.
const beyond = 0.1

// NewDuel holds a against b. Fronts are compared as they are; Differences says what
// to know of them before.
func NewDuel(nameA string, a *Report, nameB string, b *Report) (*Duel, error) {
	d := &Duel{fronts: [2][]Candidate{a.Front, b.Front}, Warnings: []string{}}
	if len(a.Front) == 0 || len(b.Front) == 0 {
		return nil, errors.New("results: a front without members")
	}
	d.Objectives = commonObjectives(a, b)
	if len(d.Objectives) == 0 {
		return nil, errors.New("results: the fronts share no objective")
	}
	objectives := make([]search.Objective, len(d.Objectives))
	for i, name := range d.Objectives {
		objectives[i] = search.Objective{Name: name, Maximise: name == search.Score}
	}
	var points [2][][]float64 // as costs: less is better
	for side, front := range d.fronts {
		for i := range front {
			v := values(&front[i], objectives)
			for k, o := range objectives {
				if o.Maximise {
					v[k] = -v[k]
				}
			}
			points[side] = append(points[side], v)
		}
	}
	best, worst := bounds(slices.Concat(points[0], points[1]))
	reference := make([]float64, len(best))
	for k := range best {
		reference[k] = worst[k] + beyond*(worst[k]-best[k])
		if reference[k] == worst[k] { // all alike in it
			reference[k] += max(math.Abs(worst[k]), 1)
		}
	}
	names := [2]string{nameA, nameB}
	conditions := [2]Conditions{a.Conditions, b.Conditions}
	for side := range d.Sides {
		s := &d.Sides[side]
		*s = Side{Name: names[side], Members: len(points[side]), Hypervolume: share(points[side], best, reference), conditions: conditions[side]}
		s.Best, _ = bounds(points[side])
		s.Beaten = beaten(points[side], points[1-side], best, worst)
		for _, b := range s.Beaten {
			if slices.Max(b.Gains) >= Clear {
				s.Clearly++
			}
		}
		s.Covers = covered(points[1-side], points[side])
	}
	for k, o := range objectives {
		if o.Maximise {
			reference[k] = 0 - reference[k] // and no -0
			d.Sides[0].Best[k], d.Sides[1].Best[k] = -d.Sides[0].Best[k], -d.Sides[1].Best[k]
		}
	}
	d.Reference = reference
	has := map[string]bool{}
	for _, c := range b.Front {
		has[c.Arch.Key()] = true
	}
	for _, c := range a.Front {
		if has[c.Arch.Key()] {
			d.Both++
		}
	}
	return d, nil
}

// commonObjectives are those of both, or where a front does not name its own: score,
// its latencies and memory.
func commonObjectives(a, b *Report) (common []string) {
	of := func(r *Report) []string {
		if len(r.Conditions.Objectives) > 0 {
			return r.Conditions.Objectives
		}
		return slices.Concat([]string{search.Score}, r.latencies(), []string{search.Memory})
	}
	if len(a.Conditions.Objectives) == 0 {
		a, b = b, a // the one that names its own decides the order
	}
	for _, name := range of(a) {
		if slices.Contains(of(b), name) {
			common = append(common, name)
		}
	}
	return common
}

func bounds(points [][]float64) (best, worst []float64) {
	best, worst = slices.Clone(points[0]), slices.Clone(points[0])
	for _, p := range points {
		for k, v := range p {
			best[k], worst[k] = min(best[k], v), max(worst[k], v)
		}
	}
	return best, worst
}

// share is the hypervolume as a part of the box from best to reference.
func share(points [][]float64, best, reference []float64) float64 {
	n := len(best)
	if n < 2 {
		return -1
	}
	scaled := make([][]float64, len(points))
	for i, p := range points {
		scaled[i] = make([]float64, n)
		for k, v := range p {
			scaled[i][k] = (v - best[k]) / (reference[k] - best[k])
		}
	}
	return search.Hypervolume(scaled, make([]search.Objective, n), slices.Repeat([]float64{1}, n))
}

// covered is the share of points that one of by equals or dominates.
func covered(points, by [][]float64) float64 {
	n := 0
	for _, p := range points {
		if slices.ContainsFunc(by, func(q []float64) bool { return noWorse(q, p) }) {
			n++
		}
	}
	return float64(n) / float64(len(points))
}

func noWorse(a, b []float64) bool {
	for k := range a {
		if a[k] > b[k] {
			return false
		}
	}
	return true
}

// beaten are the points that one of by dominates, by the most in the sum of what it
// gains, each objective in its range.
func beaten(points, by [][]float64, best, worst []float64) []Beaten {
	list := []Beaten{}
	for i, p := range points {
		most, at := 0.0, -1
		for j, q := range by {
			if !noWorse(q, p) {
				continue
			}
			gain := 0.0
			for k := range p {
				if worst[k] > best[k] {
					gain += (p[k] - q[k]) / (worst[k] - best[k])
				}
			}
			if gain > most {
				most, at = gain, j
			}
		}
		if at < 0 {
			continue
		}
		x := Beaten{Member: i, By: at}
		for k := range p {
			gain := 0.0
			if p[k] != by[at][k] {
				gain = (p[k] - by[at][k]) / max(math.Abs(p[k]), math.SmallestNonzeroFloat64)
			}
			x.Gains = append(x.Gains, gain)
		}
		list = append(list, x)
	}
	return list
}
