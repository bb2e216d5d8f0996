package search

import (
	"math/rand/v2"

	"nas/space"
)

// Algorithm is how a search makes candidates.
type Algorithm string

const (
	Evolution Algorithm = "evolution" // mutation and crossover within the archive
	NSGA2     Algorithm = "nsga2"     // Deb et al. 2002, a population of 100
	Local     Algorithm = "local"     // mutation of the archive's members, one gene at a time
	Random    Algorithm = "random"    // uniform samples
	ByProof   Algorithm = "exact"     // the exact front by dynamic programming: Exact, not Run
)

// Algorithms are those that Run knows.
var Algorithms = []Algorithm{Evolution, NSGA2, Local, Random}

// child varies what was found, or samples.
func (r *run) child(random *rand.Rand) (g space.Genes, parent *int) {
	if len(r.broken) > 0 && r.archive.size == 0 && r.Algorithm != Random && random.IntN(4) > 0 {
		return r.space.Mutate(random, r.broken[random.IntN(len(r.broken))].genes), nil
	}
	if r.archive.size == 0 || r.Algorithm == Random || r.Algorithm == NSGA2 && len(r.population) < populationSize {
		return r.space.Sample(random), nil
	}
	switch r.Algorithm {
	case NSGA2:
		return r.population.child(random, r.space), nil
	case Local:
		m, _ := r.archive.draw(random)
		return r.space.Step(random, m.genes), m.used
	}
	return r.evolved(random)
}

// evolved is a child of the archive: mostly a mutant, else a cross of neighbours,
// rarely of strangers, at times an immigrant.
func (r *run) evolved(random *rand.Rand) (g space.Genes, parent *int) {
	if random.IntN(50) == 0 {
		return r.space.Sample(random), nil
	}
	a, b := r.archive.draw(random)
	if random.IntN(3) > 0 {
		return r.space.Mutate(random, a.genes), a.used
	}
	if random.IntN(4) == 0 {
		other, _ := r.archive.draw(random)
		b = other.genes
	}
	g = r.space.Cross(random, a.genes, b)
	if random.IntN(2) == 0 {
		g = r.space.Mutate(random, g)
	}
	return g, a.used
}
