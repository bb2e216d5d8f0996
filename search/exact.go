package search

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"nas/space"
)

// ErrTooLarge says that the exact front takes more effort than allowed.
var ErrTooLarge = errors.New("search: the exact front takes more effort than allowed")

// ErrNotSeparable says that a space's costs are no sums over layers: rotary tables
// of several head widths are shared among the layers of one architecture.
var ErrNotSeparable = errors.New("search: head widths are free per layer and share rotary tables: there is no exact front by sums")

// ExactSettings of Exact. Zero: one worker, no bound.
type ExactSettings struct {
	Workers  int
	Effort   int64                 // partial architectures to look at, at most; 0: no bound
	Progress func(done, tasks int) // may be nil
}

// Exact finds the whole front of a problem that adds up, by dynamic programming
// over layers: for each hidden width, for each bound on what layers need of the
// arena, the partial architectures that no other beats in every sum that matters
// are extended layer by layer. Of architectures with equal objectives it keeps
// one.
func Exact(ctx context.Context, a *Additive, s ExactSettings) (*Result, error) {
	e := &exact{Additive: a, effort: s.Effort}
	chains, err := e.chains()
	if err != nil {
		return nil, err
	}
	found := make([][]space.Genes, len(chains))
	var next, done atomic.Int64
	var mu sync.Mutex
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(chains) || ctx.Err() != nil || e.tired() {
				return
			}
			for at := range chains[i] {
				found[i] = append(found[i], e.solve(ctx, chains[i], at)...)
			}
			if n := int(done.Add(1)); s.Progress != nil {
				mu.Lock()
				s.Progress(n, len(chains))
				mu.Unlock()
			}
		}
	}
	var wait sync.WaitGroup
	for range max(s.Workers, 1) {
		wait.Go(work)
	}
	wait.Wait()
	if e.tired() {
		return nil, ErrTooLarge
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return e.merge(found), nil
}

type exact struct {
	*Additive
	effort int64
	spent  atomic.Int64
}

func (e *exact) tired() bool { return e.effort > 0 && e.spent.Load() > e.effort }

// task is one dynamic program: layers of some kinds in a model of one width.
//
// Tasks that differ in the bound alone make a chain, the least bound first. A partial
// architecture is dropped where a task of a smaller bound has one with as many layers
// that is no worse in any sum: whatever is added, that one stays ahead.
type task struct {
	*zone
	smaller []int                // tasks in the chain whose bounds are within this one's and in no other such
	best    [][][maxDims]float64 // by depth: the front of what this task and those below it have
	hidden  int
	options []int // indices of layers
	first   []int // those that the first layer is among
	arena   part  // bounds of what they need
	rotary  int64 // bytes of their shared table
}

// chains lists the programs: for each hidden width and choice of the genes that
// layers share and zone a chain, with a task for each set of arena bounds that some
// layers reach together.
func (e *exact) chains() (list [][]task, err error) {
	perHidden := len(e.layers) / len(e.space.Hidden)
	groups := map[[space.GenesLayer]uint8][]int{}
	var order [][space.GenesLayer]uint8
	for i := range perHidden {
		key := e.layerGenes(i)
		for j, gene := range []space.Gene{e.space.Heads, e.space.HeadWidth, e.space.KVHeads, e.space.FFN} {
			if gene.PerLayer {
				key[j] = 0
			}
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], i)
	}
	zones, err := e.zones()
	if err != nil {
		return nil, err
	}
	for hidden := range e.space.Hidden {
		for _, key := range order {
			var options []int
			for _, i := range groups[key] {
				options = append(options, hidden*perHidden+i)
			}
			first := &e.layers[options[0]]
			for _, i := range options {
				if e.layers[i].rotary != first.rotary {
					return nil, ErrNotSeparable
				}
			}
			for _, z := range zones {
				var chain []task
				for _, bound := range e.needs(options, z) {
					t := task{zone: z, hidden: hidden, arena: bound, rotary: e.rotaries[first.rotary]}
					for _, i := range options {
						if within(&e.layers[i], &bound) {
							t.options = append(t.options, i)
						}
					}
					for i := range chain {
						if within(&chain[i].arena, &bound) {
							t.smaller = slices.DeleteFunc(t.smaller, func(j int) bool { return within(&chain[j].arena, &chain[i].arena) })
							t.smaller = append(t.smaller, i)
						}
					}
					t.first = e.first(&t)
					chain = append(chain, t)
				}
				list = append(list, chain)
			}
		}
	}
	return list, nil
}

// first are the options that need as much of the arena as t's bound in the one respect
// in which the fewest do. An architecture that needs as much as the bound has such a
// layer, and unless scores depend on where a layer stands it may be the first; all
// others are found with smaller bounds.
func (e *exact) first(t *task) (least []int) {
	if least = t.options; e.position != nil || !slices.ContainsFunc(t.sums, func(s sum) bool { return s.arena }) {
		return least
	}
	for phase := range t.arena.scratch {
		for _, reaches := range []func(*part) bool{
			func(l *part) bool { return l.scratch[phase] == t.arena.scratch[phase] },
			func(l *part) bool { return l.perWorker[phase] == t.arena.perWorker[phase] },
		} {
			var some []int
			for _, i := range t.options {
				if reaches(&e.layers[i]) {
					some = append(some, i)
				}
			}
			if len(some) < len(least) {
				least = some
			}
		}
	}
	return least
}

func within(l, bound *part) bool {
	for phase := range l.scratch {
		if l.scratch[phase] > bound.scratch[phase] || l.perWorker[phase] > bound.perWorker[phase] {
			return false
		}
	}
	return true
}

// needs are the arena needs that sets of layers have together; one that bounds
// nothing where memory does not matter.
func (e *exact) needs(options []int, z *zone) []part {
	join := func(a, b part) (c part) {
		for phase := range c.scratch {
			c.scratch[phase] = max(a.scratch[phase], b.scratch[phase])
			c.perWorker[phase] = max(a.perWorker[phase], b.perWorker[phase])
		}
		return c
	}
	var all part
	for _, i := range options {
		all = join(all, e.layers[i])
	}
	if !slices.ContainsFunc(z.sums, func(s sum) bool { return s.arena }) {
		return []part{all} // where memory does not matter
	}
	seen := map[part]bool{}
	var list []part
	for _, i := range options {
		for _, b := range append([]part{{}}, list...) {
			if j := join(b, e.layers[i]); !seen[j] {
				seen[j] = true
				list = append(list, j)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b part) int { return cmp.Compare(a.arena(e.threads), b.arena(e.threads)) })
	return list
}

// partial is an architecture of some layers: its sums, and how it came to be.
type partial struct {
	sums   [maxDims]float64
	parent int32
	option int32
}

// solve runs one program and returns what its front has to offer.
func (e *exact) solve(ctx context.Context, chain []task, at int) []space.Genes {
	t := &chain[at]
	deepest := slices.Max(e.space.Depth)
	r, layer := e.room(t)
	levels := [][]partial{{{}}}
	var offers []offer
	stems := e.stemsFor(t)
	t.best = make([][][maxDims]float64, deepest+1)
	below := func(depth int) (list [][maxDims]float64) {
		for _, i := range t.smaller {
			list = append(list, chain[i].best[depth]...)
		}
		if len(t.smaller) > 1 {
			slices.SortFunc(list, func(a, b [maxDims]float64) int { return slices.Compare(a[:t.dims], b[:t.dims]) })
		}
		return list
	}
	for i := range t.sums {
		r.most[i] += float64(deepest) * layer[i]
	}
	for depth := 1; depth <= deepest; depth++ {
		for i := range t.sums {
			r.most[i] -= layer[i]
		}
		if ctx.Err() != nil || e.tired() {
			return nil
		}
		var next []partial
		next, t.best[depth] = e.extend(levels[depth-1], below(depth), t, depth-1, &r)
		levels = append(levels, next)
		if at := slices.Index(e.space.Depth, depth); at >= 0 {
			offers = e.offer(offers, next, stems, t, at)
		}
	}
	var list []space.Genes
	for _, o := range front(offers, func(o *offer) []float64 { return o.costs[:len(e.objectives)] }, -1) {
		list = append(list, e.genes(levels, t, o))
	}
	return list
}

// room is what a stem may add, and what a layer adds at most.
func (e *exact) room(t *task) (r room, layer [maxSums]float64) {
	first, end := e.stemsOf(t.hidden)
	for i, s := range t.sums {
		r.least[i], r.most[i] = math.Inf(1), math.Inf(-1)
		for k := first; k < end; k++ {
			v := s.of(&e.stems[k], e.stemTimes[k*e.width:])
			r.least[i], r.most[i] = min(r.least[i], v), max(r.most[i], v)
		}
		plus := s.plus
		if s.arena {
			plus += float64(t.arena.arena(e.threads) + t.rotary)
		}
		r.least[i] += plus
		r.most[i] += plus
		for _, k := range t.options {
			layer[i] = max(layer[i], s.of(&e.layers[k], e.layerTimes[k*e.width:]))
		}
	}
	return r, layer
}

// stemsOf are the indices of the stems of a width.
func (e *exact) stemsOf(hidden int) (first, end int) {
	n := len(e.stems) / len(e.space.Hidden)
	return hidden * n, (hidden + 1) * n
}

// extend adds a layer to each of from and keeps what no other beats, neither one of
// below; best is the front of both.
func (e *exact) extend(from []partial, below [][maxDims]float64, t *task, position int, r *room) (next []partial, best [][maxDims]float64) {
	type option struct {
		sums  [maxDims]float64
		index int32
	}
	var options []option
	indices := t.options
	if position == 0 {
		indices = t.first
	}
	for _, index := range indices {
		o := option{index: int32(index)}
		l := e.layers[index]
		if e.position != nil {
			l.score = e.position[position][index]
		}
		for _, s := range t.sums {
			o.sums[s.dim] = s.of(&l, e.layerTimes[index*e.width:])
		}
		options = append(options, o)
	}
	n := t.dims
	options = front(options, func(o *option) []float64 { return o.sums[:n] }, t.same)
	e.spent.Add(int64(len(from))*int64(len(options)) + int64(len(below)))
	if e.tired() {
		return nil, nil
	}
	// from is in lexicographic order, and stays so with the same sums added: what an
	// option makes of it is a sorted list, and their merge yields all in order.
	m := merger{from: from, zone: t.zone, room: r, filter: sieve{n: n, same: t.same}}
	lists := make([]stream, 0, len(options))
	for _, o := range options {
		s := stream{add: o.sums, option: o.index, at: -1}
		if m.advance(&s) {
			lists = append(lists, s)
		}
	}
	for i := len(lists)/2 - 1; i >= 0; i-- {
		sift(lists, i)
	}
	for len(lists) > 0 {
		first := &lists[0]
		for len(below) > 0 && slices.Compare(below[0][:n], first.head[:n]) <= 0 {
			if m.filter.keep(below[0][:n]) {
				best = append(best, below[0])
			}
			below = below[1:]
		}
		if m.filter.keep(first.head[:n]) {
			next, best = append(next, partial{first.head, first.at, first.option}), append(best, first.head)
		}
		if !m.advance(first) {
			lists[0] = lists[len(lists)-1]
			lists = lists[:len(lists)-1]
		}
		sift(lists, 0)
	}
	for _, b := range below {
		if m.filter.keep(b[:n]) {
			best = append(best, b)
		}
	}
	return next, best
}

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

// stemsFor are the stems for a task that no other beats in every sum.
func (e *exact) stemsFor(t *task) []stem {
	var list []stem
	first, end := e.stemsOf(t.hidden)
	for k := first; k < end; k++ {
		of := &e.stems[k]
		need := t.arena
		for phase := range need.scratch {
			need.scratch[phase] = max(need.scratch[phase], of.scratch[phase])
			need.perWorker[phase] = max(need.perWorker[phase], of.perWorker[phase])
		}
		s := stem{gene: int32(k - first)}
		for i, sum := range t.sums {
			if s.plus[i] = sum.of(of, e.stemTimes[k*e.width:]) + sum.plus; sum.arena {
				s.plus[i] += float64(need.arena(e.threads) + t.rotary)
			}
		}
		list = append(list, s)
	}
	same := -1
	if t.same >= 0 {
		same = len(t.sums) - 1 // what is streamed
	}
	return front(list, func(s *stem) []float64 { return s.plus[:len(t.sums)] }, same)
}

// offer puts stems before the partial architectures of a depth.
func (e *exact) offer(offers []offer, of []partial, stems []stem, t *task, depth int) []offer {
	for _, stem := range stems {
	offering:
		for at := range of {
			o := offer{stem: stem.gene, depth: int32(depth), last: int32(at)}
			n := 0
			for i := range t.sums {
				s := &t.sums[i]
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
func (e *exact) genes(levels [][]partial, t *task, o offer) space.Genes {
	layers := e.space.Depth[o.depth]
	g := make(space.Genes, space.GenesStem+layers*space.GenesLayer)
	g[space.GeneEmbedding], g[space.GeneHidden], g[space.GeneDepth] = uint8(o.stem), uint8(t.hidden), uint8(o.depth)
	perHidden := len(e.layers) / len(e.space.Hidden)
	for at, depth := o.last, layers; depth > 0; depth-- {
		p := &levels[depth][at]
		genes := e.layerGenes(int(p.option) - t.hidden*perHidden)
		copy(g.Layer(depth-1), genes[:])
		at = p.parent
	}
	return g
}

// merge is the front of what all programs found, with the figures that any search
// would give.
func (e *exact) merge(found [][]space.Genes) *Result {
	r := &run{problem: e.Additive, space: e.space, objectives: e.objectives}
	values := make([]float64, len(e.objectives))
	for _, list := range found {
		for _, g := range list {
			violation := e.Evaluate(g, values)
			r.insert(&child{g, values, violation, nil})
		}
	}
	r.evaluated = int(e.spent.Load())
	return r.result(Proved)
}
