package search

import "nas/space"

// offer is a whole architecture with its objectives as costs.
type offer struct {
	costs       [maxDims]float64
	stem, depth int32 // genes
	last        int32
}

// stem is one with all that it adds.
type stem struct {
	plus [maxSums]float64
	gene int32
}

// stemsFor are, for each class, the stems that no other beats in every sum.
func (e *exact) stemsFor(p *program) (list [][]stem) {
	first, end := e.stemsOf(p.hidden)
	for class := range p.needs {
		var stems []stem
		for k := first; k < end; k++ {
			of := &e.stems[k]
			need := p.needs[class]
			need.reach(of)
			s := stem{gene: int32(k - first)}
			for i, sum := range p.sums {
				if s.plus[i] = sum.of(of, e.stemTimes[k*e.width:]) + sum.plus; sum.arena {
					s.plus[i] += float64(need.arena(e.threads) + p.rotary)
				}
			}
			stems = append(stems, s)
		}
		same := -1
		if p.same >= 0 {
			same = len(p.sums) - 1 // what is streamed
		}
		list = append(list, front(stems, func(s *stem) []float64 { return s.plus[:len(p.sums)] }, same))
	}
	return list
}

// offer puts stems before the partial architectures of a depth.
func (e *exact) offer(offers []offer, of []partial, stems [][]stem, p *program, depth int) []offer {
	for at := range of {
	offering:
		for _, stem := range stems[of[at].class] {
			o := offer{stem: stem.gene, depth: int32(depth), last: int32(at)}
			n := 0
			for i := range p.sums {
				s := &p.sums[i]
				v := of[at].sums[s.dim] + stem.plus[i]
				if s.limit > 0 && v > s.limit || s.least > 0 && v < s.least {
					continue offering
				}
				if s.objective {
					o.costs[n] = v
					n++
				}
			}
			offers = append(offers, o)
		}
	}
	return offers
}

// genes walks back through the levels.
func (e *exact) genes(levels []level, p *program, o offer) space.Genes {
	layers := e.space.Depth[o.depth]
	g := make(space.Genes, space.GenesStem+layers*space.GenesLayer)
	g[space.GeneEmbedding], g[space.GeneHidden], g[space.GeneDepth] = uint8(o.stem), uint8(p.hidden), uint8(o.depth)
	perHidden := len(e.layers) / len(e.space.Hidden)
	for at, depth := o.last, layers; depth > 0; depth-- {
		of := &levels[depth].partials[at]
		genes := e.layerGenes(int(levels[depth].options[of.option].index) - p.hidden*perHidden)
		copy(g.Layer(depth-1), genes[:])
		at = of.parent
	}
	return g
}
