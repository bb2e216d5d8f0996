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
	tasks, err := e.tasks()
	if err != nil {
		return nil, err
	}
	found := make([][]space.Genes, len(tasks))
	var next, done atomic.Int64
	var mu sync.Mutex
	work := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(tasks) || ctx.Err() != nil || e.tired() {
				return
			}
			found[i] = e.solve(ctx, tasks[i])
			if n := int(done.Add(1)); s.Progress != nil {
				mu.Lock()
				s.Progress(n, len(tasks))
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
type task struct {
	*zone
	hidden  int
	options []int // indices of layers
	arena   part  // bounds of what they need
	rotary  int64 // bytes of their shared table
}

// tasks lists the programs: for each hidden width and choice of the genes that
// layers share, for each set of arena bounds that some layers reach together.
func (e *exact) tasks() (list []task, err error) {
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
			for _, bound := range e.needs(options, zones[0]) {
				t := task{hidden: hidden, arena: bound, rotary: e.rotaries[first.rotary]}
				for _, i := range options {
					if l := &e.layers[i]; within(l, &bound) {
						t.options = append(t.options, i)
					}
				}
				for _, t.zone = range zones {
					list = append(list, t)
				}
			}
		}
	}
	return list, nil
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
		return []part{all}
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
func (e *exact) solve(ctx context.Context, t task) []space.Genes {
	rest := e.least(t)
	levels := [][]partial{{{}}}
	deepest := slices.Max(e.space.Depth)
	var offers []offer
	for depth := 1; depth <= deepest; depth++ {
		if ctx.Err() != nil || e.tired() {
			return nil
		}
		next := e.extend(levels[depth-1], t, depth-1, rest)
		if len(next) == 0 {
			break
		}
		levels = append(levels, next)
		if at := slices.Index(e.space.Depth, depth); at >= 0 {
			offers = e.offer(offers, next, t, at)
		}
	}
	var list []space.Genes
	for _, o := range front(offers, func(o *offer) []float64 { return o.costs[:] }, len(e.objectives)) {
		list = append(list, e.genes(levels, t, o))
	}
	return list
}

// least are the smallest sums of what is no layer.
func (e *exact) least(t task) (rest [maxSums]float64) {
	first, end := e.stemsOf(t.hidden)
	for i, s := range t.sums {
		rest[i] = math.Inf(1)
		for k := first; k < end; k++ {
			rest[i] = min(rest[i], s.of(&e.stems[k], e.stemTimes[k*e.width:]))
		}
		if rest[i] += s.plus; s.arena {
			rest[i] += float64(t.arena.arena(e.threads) + t.rotary)
		}
	}
	return rest
}

// stemsOf are the indices of the stems of a width.
func (e *exact) stemsOf(hidden int) (first, end int) {
	n := len(e.stems) / len(e.space.Hidden)
	return hidden * n, (hidden + 1) * n
}

// extend adds a layer to each of from and keeps what no other beats.
func (e *exact) extend(from []partial, t task, position int, rest [maxSums]float64) []partial {
	type option struct {
		sums  [maxDims]float64
		index int32
	}
	var options []option
	for _, index := range t.options {
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
	options = front(options, func(o *option) []float64 { return o.sums[:n] }, n)
	e.spent.Add(int64(len(from)) * int64(len(options)))
	if e.tired() {
		return nil
	}
	// from is in lexicographic order, and stays so with the same sums added: what an
	// option makes of it is a sorted list, and their merge yields all in order.
	lists := make([]stream, 0, len(options))
	for _, o := range options {
		s := stream{add: o.sums, option: o.index}
		s.head = from[0].plus(&s)
		lists = append(lists, s)
	}
	for i := len(lists)/2 - 1; i >= 0; i-- {
		sift(lists, i)
	}
	var next []partial
	filter := sieve{n: n}
	for len(lists) > 0 {
		p := lists[0].head
		if lists[0].at++; int(lists[0].at) < len(from) {
			lists[0].head = from[lists[0].at].plus(&lists[0])
		} else {
			lists[0] = lists[len(lists)-1]
			lists = lists[:len(lists)-1]
		}
		sift(lists, 0)
		if t.over(&p, &rest) || !filter.keep(p.sums[:n]) {
			continue
		}
		next = append(next, p)
	}
	return next
}

// stream is what one option makes of all partial architectures of a depth.
type stream struct {
	head   partial
	add    [maxDims]float64
	option int32
	at     int32
}

func (p *partial) plus(s *stream) partial {
	r := partial{parent: s.at, option: s.option}
	for i := range r.sums {
		r.sums[i] = p.sums[i] + s.add[i]
	}
	return r
}

// sift restores the heap of streams, least head first, below i.
func sift(lists []stream, i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(lists); child++ {
			if lists[child].head.less(&lists[least].head) {
				least = child
			}
		}
		if least == i {
			return
		}
		lists[i], lists[least] = lists[least], lists[i]
		i = least
	}
}

func (p *partial) less(q *partial) bool {
	for i := range p.sums {
		if p.sums[i] != q.sums[i] {
			return p.sums[i] < q.sums[i]
		}
	}
	return p.option < q.option
}

// offer is a whole architecture with its objectives as costs.
type offer struct {
	costs       [maxSums]float64
	stem, depth int // genes
	last        int32
}

// offer puts every stem before the partial architectures of a depth.
func (e *exact) offer(offers []offer, of []partial, t task, depth int) []offer {
	first, end := e.stemsOf(t.hidden)
	for k := first; k < end; k++ {
		stem := &e.stems[k]
		need := t.arena
		for phase := range need.scratch {
			need.scratch[phase] = max(need.scratch[phase], stem.scratch[phase])
			need.perWorker[phase] = max(need.perWorker[phase], stem.perWorker[phase])
		}
		var plus [maxSums]float64
		for i, s := range t.sums {
			if plus[i] = s.of(stem, e.stemTimes[k*e.width:]) + s.plus; s.arena {
				plus[i] += float64(need.arena(e.threads) + t.rotary)
			}
		}
	offering:
		for at := range of {
			o := offer{stem: k - first, depth: depth, last: int32(at)}
			n := 0
			for i := range t.sums {
				s := &t.sums[i]
				v := of[at].sums[s.dim] + plus[i]
				if s.limit > 0 && v > s.limit {
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
func (e *exact) genes(levels [][]partial, t task, o offer) space.Genes {
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
			r.insert(&child{g, values, violation})
		}
	}
	r.evaluated = int(e.spent.Load())
	return r.result(Proved)
}

// front keeps what no other of list covers in its first n costs, and of equals one,
// in lexicographic order.
func front[T any](list []T, costs func(*T) []float64, n int) []T {
	slices.SortFunc(list, func(a, b T) int { return slices.Compare(costs(&a)[:n], costs(&b)[:n]) })
	kept, filter := list[:0], sieve{n: n}
	for i := range list {
		if filter.keep(costs(&list[i])[:n]) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// sieve tells of n costs that come in lexicographic order whether those before
// cover them.
type sieve struct {
	n     int
	any   bool
	last  float64   // the least second cost so far
	steps staircase // of the second and third
	rest  archive
}

func (s *sieve) keep(c []float64) bool {
	first := !s.any
	s.any = true
	switch s.n {
	case 1:
		return first
	case 2:
		if !first && s.last <= c[1] {
			return false
		}
		s.last = c[1]
		return true
	case 3:
		return s.steps.add(c[1], c[2])
	}
	if s.rest.dominated(c) {
		return false
	}
	s.rest.add(entry{costs: slices.Clone(c)})
	return true
}
