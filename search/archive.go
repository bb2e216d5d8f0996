package search

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sort"

	"nas/space"
)

// archive holds all non-dominated members, sorted by their first cost in blocks
// that know their bounds, so that most are passed over in a comparison. Costs are
// objectives to minimise.
type archive struct {
	blocks []*block
	size   int
}

type block struct {
	members  []entry
	low, top []float64 // bounds of the costs
	flat     []float64 // the members' costs one after the other, where a look is quick
}

type entry struct {
	genes space.Genes
	costs []float64
	used  *int // how many children it has
}

const blockSize = 64

// rarity is how many members are drawn for the one with the fewest children.
const rarity = 3

// dominated reports whether a member is at least as good as costs everywhere. The
// nearest in the first cost are looked at first: one of them mostly is.
func (a *archive) dominated(costs []float64) bool {
	end := sort.Search(len(a.blocks), func(i int) bool { return a.blocks[i].low[0] > costs[0] })
	for i := end - 1; i >= 0; i-- {
		if b := a.blocks[i]; covers(b.low, costs) && b.covers(costs) {
			return true
		}
	}
	return false
}

// covers reports whether a member is at most costs everywhere; those after it in the
// first cost are not looked at.
func (b *block) covers(costs []float64) bool {
	n := len(costs)
	if n == 3 {
		x, y, z := costs[0], costs[1], costs[2]
		for flat := b.flat; len(flat) >= 3 && flat[0] <= x; flat = flat[3:] {
			if flat[1] <= y && flat[2] <= z {
				return true
			}
		}
		return false
	}
	for flat := b.flat; len(flat) >= n && flat[0] <= costs[0]; flat = flat[n:] {
		if covers(flat[1:n], costs[1:]) {
			return true
		}
	}
	return false
}

// covers reports whether a is at most b everywhere.
func covers(a, b []float64) bool {
	for i, v := range a {
		if v > b[i] {
			return false
		}
	}
	return true
}

// add inserts a member that no other covers, and drops those that it covers, none of
// which has a smaller first cost.
func (a *archive) add(e entry) {
	empty := false
	from := sort.Search(len(a.blocks), func(i int) bool { return a.blocks[i].top[0] >= e.costs[0] })
	for _, b := range a.blocks[from:] {
		if !covers(e.costs, b.top) || !b.beaten(e.costs) {
			continue
		}
		before := len(b.members)
		b.members = slices.DeleteFunc(b.members, func(m entry) bool { return covers(e.costs, m.costs) })
		a.size -= before - len(b.members)
		b.bound()
		empty = empty || len(b.members) == 0
	}
	if empty {
		a.blocks = slices.DeleteFunc(a.blocks, func(b *block) bool { return len(b.members) == 0 })
	}
	a.insert(e)
}

// beaten reports whether costs cover a member.
func (b *block) beaten(costs []float64) bool {
	n := len(costs)
	for flat := b.flat; len(flat) >= n; flat = flat[n:] {
		if flat[0] >= costs[0] && covers(costs[1:], flat[1:n]) {
			return true
		}
	}
	return false
}

func (a *archive) insert(e entry) {
	a.size++
	if len(a.blocks) == 0 {
		a.blocks = append(a.blocks, &block{members: make([]entry, 0, blockSize)})
	}
	at, _ := slices.BinarySearchFunc(a.blocks, e.costs[0], func(b *block, c float64) int {
		if len(b.members) == 0 {
			return 0
		}
		return cmp.Compare(b.low[0], c)
	})
	at = max(at-1, 0)
	b := a.blocks[at]
	i, _ := slices.BinarySearchFunc(b.members, e, func(m, e entry) int { return cmp.Compare(m.costs[0], e.costs[0]) })
	b.members = slices.Insert(b.members, i, e)
	if len(b.members) == blockSize {
		half := &block{members: append(make([]entry, 0, blockSize), b.members[blockSize/2:]...)}
		b.members = b.members[:blockSize/2]
		half.bound()
		a.blocks = slices.Insert(a.blocks, at+1, half)
	}
	b.bound()
}

func (b *block) bound() {
	if len(b.members) == 0 {
		return
	}
	b.low, b.top = append(b.low[:0], b.members[0].costs...), append(b.top[:0], b.members[0].costs...)
	b.flat = b.flat[:0]
	for _, m := range b.members {
		b.flat = append(b.flat, m.costs...)
		for i, v := range m.costs {
			b.low[i], b.top[i] = min(b.low[i], v), max(b.top[i], v)
		}
	}
}

// draw picks the member with the fewest children of some drawn at random, and a
// neighbour of it.
func (a *archive) draw(r *rand.Rand) (parent entry, neighbour space.Genes) {
	var from *block
	at := 0
	for range rarity {
		b := a.blocks[r.IntN(len(a.blocks))]
		i := r.IntN(len(b.members))
		if from == nil || *b.members[i].used < *from.members[at].used {
			from, at = b, i
		}
	}
	j := min(max(at+r.IntN(7)-3, 0), len(from.members)-1)
	return from.members[at], from.members[j].genes
}

func (a *archive) each(do func(entry)) {
	for _, b := range a.blocks {
		for _, m := range b.members {
			do(m)
		}
	}
}
