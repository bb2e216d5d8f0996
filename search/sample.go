package search

import (
	"cmp"
	"slices"

	"nas/space"
)

// mostOthers bounds a sample.
const mostOthers = 150

// sample are the architectures with the least hashes: every one that was evaluated had
// the same chance, in whatever order they came.
type sample []sampled

type sampled struct {
	hash  uint64
	genes space.Genes
}

func (s *sample) add(g space.Genes, hash uint64) {
	if n := len(*s); n == mostOthers && (*s)[n-1].hash <= hash {
		return
	}
	at, _ := slices.BinarySearchFunc(*s, hash, func(o sampled, h uint64) int { return cmp.Compare(o.hash, h) })
	*s = slices.Insert(*s, at, sampled{hash, slices.Clone(g)})
	*s = (*s)[:min(len(*s), mostOthers)]
}

func (s sample) genes() (list []space.Genes) {
	for _, o := range s {
		list = append(list, o.genes)
	}
	return list
}

// sample considers a child that was evaluated.
func (r *run) sample(c *child) {
	at := 0
	if !(c.violation <= 0) {
		at = 1
	}
	r.others[at].add(c.genes, c.hash)
}

// beaten are those of the samples that are not on the front.
func (r *run) beaten() (list []space.Genes) {
	front := map[string]bool{}
	r.archive.each(func(e entry) { front[string(e.genes)] = true })
	for _, s := range r.others {
		for _, o := range s {
			if !front[string(o.genes)] {
				list = append(list, o.genes)
			}
		}
	}
	return list
}
