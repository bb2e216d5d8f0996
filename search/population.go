package search

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"nas/space"
)

// populationSize is NSGA-II's usual one (Deb et al. 2002, section IV).
const populationSize = 100

// population is NSGA-II's: parents chosen by rank, then by crowding distance, any
// architecture within the limits before any beyond.
type population []individual

type individual struct {
	genes     space.Genes
	costs     []float64
	violation float64
	rank      int
	crowding  float64
}

// child crosses two winners of tournaments and mutates.
func (p population) child(random *rand.Rand, s *space.Space) space.Genes {
	winner := func() space.Genes {
		a, b := &p[random.IntN(len(p))], &p[random.IntN(len(p))]
		if b.before(a) {
			a = b
		}
		return a.genes
	}
	g := winner()
	if random.IntN(10) > 0 {
		g = s.Cross(random, g, winner())
	}
	return s.Mutate(random, g)
}

func (i *individual) before(o *individual) bool { return i.compare(o) < 0 }

// compare is the constrained crowded comparison.
func (i *individual) compare(o *individual) int {
	return cmp.Or(cmp.Compare(i.violation, o.violation), cmp.Compare(i.rank, o.rank), cmp.Compare(o.crowding, i.crowding))
}

// renew takes children in and keeps the best.
func (p *population) renew(children []child) {
	all := *p
	for _, c := range children {
		all = append(all, individual{genes: c.genes, costs: slices.Clone(c.values), violation: c.violation})
	}
	costs := make([][]float64, len(all))
	for i := range all {
		costs[i] = all[i].costs
	}
	for i, rank := range ranks(costs) {
		all[i].rank, all[i].crowding = rank, 0
	}
	crowd(all)
	slices.SortStableFunc(all, func(a, b individual) int { return a.compare(&b) })
	*p = all[:min(len(all), populationSize)]
}

// crowd sets crowding distances within each rank. Of three and more costs they tell
// little of how members lie: there the order counts in which Spread would choose.
func crowd(all population) {
	byRank := map[int][]*individual{}
	for i := range all {
		byRank[all[i].rank] = append(byRank[all[i].rank], &all[i])
	}
	for _, front := range byRank {
		if n := len(front[0].costs); n > 2 {
			points := make([][]float64, len(front))
			for i, m := range front {
				points[i] = m.costs
			}
			for order, i := range Spread(points, make([]Objective, n), len(points)) {
				front[i].crowding = float64(len(points) - order)
			}
			continue
		}
		for k := range front[0].costs {
			slices.SortStableFunc(front, func(a, b *individual) int { return cmp.Compare(a.costs[k], b.costs[k]) })
			last := len(front) - 1
			width := front[last].costs[k] - front[0].costs[k]
			front[0].crowding, front[last].crowding = math.Inf(1), math.Inf(1)
			for i := 1; i < last && width > 0; i++ {
				front[i].crowding += (front[i+1].costs[k] - front[i-1].costs[k]) / width
			}
		}
	}
}
