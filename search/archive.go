package search

import (
	"cmp"
	"math/rand/v2"
	"slices"

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
}

type entry struct {
	genes space.Genes
	costs []float64
	used  *int // how many children it has
}

const blockSize = 64

// rarity is how many members are drawn for the one with the fewest children.
const rarity = 3

// dominated reports whether a member is at least as good as costs everywhere.
func (a *archive) dominated(costs []float64) bool {
	for _, b := range a.blocks {
		if b.low[0] > costs[0] {
			return false
		}
		if !covers(b.low, costs) {
			continue
		}
		for _, m := range b.members {
			if covers(m.costs, costs) {
				return true
			}
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

// add inserts a member that no other covers, and drops those that it covers.
func (a *archive) add(e entry) {
	kept := a.blocks[:0]
	for _, b := range a.blocks {
		if covers(e.costs, b.top) {
			before := len(b.members)
			b.members = slices.DeleteFunc(b.members, func(m entry) bool { return covers(e.costs, m.costs) })
			if len(b.members) < before {
				a.size -= before - len(b.members)
				b.bound()
			}
		}
		if len(b.members) > 0 {
			kept = append(kept, b)
		}
	}
	clear(a.blocks[len(kept):])
	a.blocks = kept
	a.insert(e)
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
	for _, m := range b.members[1:] {
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
