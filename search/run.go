package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"nas/space"
)

// Sizes of a search.
const (
	generation = 256     // most children that are bred from one state of the archive
	brood      = 8       // the first generations are as small, to learn early
	saveEvery  = 1 << 15 // evaluations between states that are saved
	patience   = 200     // generations in a row without a new architecture
	longest    = 8       // stride
	keptBroken = 64      // architectures over the limits that breed while none is within
)

// Run searches. Equal problem, settings and seed give an equal result whatever the
// number of workers. When ctx ends, the result so far is returned, Cancelled
// or TimeUp.
//
// Every child is bred from the archive with random numbers of its own, seeded by
// its number; children seen before are refused; the rest is evaluated and put into
// the archive in the order of numbers. Where the whole space is not larger than the
// number of evaluations, it is enumerated instead, and the front is exact.
//
// Where Save fails, the result so far comes with its error.
func Run(ctx context.Context, p Problem, s Settings) (*Result, error) {
	if len(p.Objectives()) == 0 {
		return nil, errors.New("search: a problem needs an objective")
	}
	if s.Algorithm == "" {
		s.Algorithm = Evolution
	}
	if !slices.Contains(Algorithms, s.Algorithm) {
		return nil, fmt.Errorf("search: unknown algorithm %.20q: one of %v", s.Algorithm, Algorithms)
	}
	if s.Evaluations == 0 {
		s.Evaluations = defaultEvaluations
	}
	s.Workers = max(s.Workers, 1)
	r := &run{Settings: s, problem: p, space: p.Space(), objectives: p.Objectives()}
	r.children = make([]child, generation)
	for i := range r.children {
		r.children[i].values = make([]float64, len(r.objectives))
	}
	if size := r.space.Size(); size.IsInt64() && size.Int64() <= int64(s.Evaluations) {
		return r.result(r.enumerate(ctx)), nil
	}
	if s.Resume != nil {
		if err := r.restore(s.Resume); err != nil {
			return nil, err
		}
	}
	reason, err := r.evolve(ctx)
	return r.result(reason), err
}

type run struct {
	Settings
	problem    Problem
	space      *space.Space
	objectives []Objective
	archive    archive
	population population
	broken     []child // over the limits, least first
	seen       seen
	children   []child
	evaluated  int
	bred       uint64
	stride     int // further mutations of a child: more when most were seen before
	idle       int // generations in a row that bred nothing new
	news       []uint64
	others     [2]sample // of those within the limits and of those beyond
	history    []HistoryPoint
	worst      []float64
	best       []float64
	share      float64 // see Progress
}

type child struct {
	genes     space.Genes
	hash      uint64
	values    []float64
	violation float64
	parent    *int // its count of children
}

func (r *run) evolve(ctx context.Context) (reason Reason, err error) {
	if r.Resume == nil {
		r.take(r.First)
	}
	if r.clock == nil {
		r.clock = time.Now
	}
	saved, at := r.evaluated, r.clock()
	if r.stands() {
		reason = StandsStill
	}
	var whole *State // before generations that the budget may cut
	for reason == "" {
		if r.Save != nil && r.evaluated < r.Evaluations && r.evaluated+r.litter() > r.Evaluations {
			whole = r.state(whole)
		}
		switch {
		case r.evaluated >= r.Evaluations:
			reason = BudgetSpent
		case ctx.Err() != nil:
			reason = reasonOf(ctx)
		case r.idle >= patience:
			reason = NothingNew
		default:
			if r.breed(); r.record() {
				reason = StandsStill
			}
		}
		// A clock that was set back does not put off the next state.
		since := r.clock().Sub(at)
		if r.Save != nil && (reason != "" || r.evaluated-saved >= saveEvery && (since < 0 || since >= r.SaveInterval)) {
			// What goes on from a spent budget makes its last generation again, in full.
			if reason != BudgetSpent || whole == nil {
				whole = r.state(whole)
			}
			if err := r.Save(whole); err != nil {
				return Cancelled, err
			}
			saved, at, whole = r.evaluated, r.clock(), nil
		}
		if r.Progress != nil {
			r.Progress(r.progress())
		}
	}
	return reason, nil
}

func reasonOf(ctx context.Context) Reason {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return TimeUp
	}
	return Cancelled
}

func (r *run) progress() Progress {
	p := Progress{Evaluations: r.evaluated, Of: r.Evaluations, Front: r.archive.size, Hypervolume: r.share}
	if n := len(r.archive.blocks); n > 0 {
		p.Best = r.natural(r.archive.blocks[0].members[0].costs)[0]
	}
	return p
}

// breed makes one generation, drops what was seen and evaluates the rest.
func (r *run) breed() {
	children := r.children[:r.litter()]
	first := r.bred
	r.bred += uint64(len(children))
	r.parallel(len(children), func(from, to int) {
		source := rand.NewPCG(0, 0)
		random := rand.New(source)
		for i := from; i < to; i++ {
			source.Seed(r.Seed, first+uint64(i))
			children[i].genes, children[i].parent = r.child(random)
			for range r.stride {
				children[i].genes = r.space.Mutate(random, children[i].genes)
			}
		}
	})
	for i := range children {
		if p := children[i].parent; p != nil {
			*p++
		}
	}
	fresh := r.fresh(children)
	switch {
	case r.Algorithm == Random:
	case len(fresh) < len(children)/4:
		r.stride = min(r.stride+1, longest)
	case r.stride > 0:
		r.stride--
	}
	if r.idle++; len(fresh) > 0 {
		r.idle = 0
	}
	r.evaluate(fresh)
	if r.Algorithm == NSGA2 {
		r.population.renew(fresh)
	}
}

// litter is how many children the next generation has.
func (r *run) litter() int {
	if r.Algorithm == NSGA2 {
		return populationSize
	}
	return min(brood+r.evaluated/16, generation)
}

// fresh moves the children not seen before to the front, marks them as seen and
// returns them, as many as may still be evaluated.
func (r *run) fresh(children []child) []child {
	n := 0
	for i := range children {
		if n == r.Evaluations-r.evaluated {
			break
		}
		h := hash(children[i].genes)
		if !r.seen.insert(h) {
			continue
		}
		if r.Save != nil {
			r.news = append(r.news, h)
		}
		children[n].genes, children[i].genes = children[i].genes, children[n].genes
		children[n].hash = h
		n++
	}
	return children[:n]
}

// evaluate scores children and takes them in, in order.
func (r *run) evaluate(children []child) {
	r.parallel(len(children), func(from, to int) {
		for i := from; i < to; i++ {
			c := &children[i]
			c.violation = r.problem.Evaluate(c.genes, c.values)
		}
	})
	for i := range children {
		r.evaluated++
		r.insert(&children[i])
		r.sample(&children[i])
	}
}

func (r *run) insert(c *child) {
	for i, v := range c.values {
		if math.IsNaN(v) {
			c.violation = math.Inf(1)
		}
		if r.objectives[i].Maximise {
			c.values[i] = -v // a cost from here on
		}
	}
	if !(c.violation <= 0) {
		r.insertBroken(c)
		return
	}
	r.widen(c.values)
	if !r.archive.dominated(c.values) {
		r.archive.add(entry{c.genes, slices.Clone(c.values), new(int)})
		r.broken = nil
	}
}

// insertBroken keeps the least violations while nothing is within the limits.
func (r *run) insertBroken(c *child) {
	if r.archive.size > 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(r.broken, c.violation, func(b child, v float64) int { return cmp.Compare(b.violation, v) })
	if at < keptBroken {
		r.broken = slices.Insert(r.broken, at, child{genes: c.genes, values: slices.Clone(c.values), violation: c.violation})
		r.broken = r.broken[:min(len(r.broken), keptBroken)]
	}
}

// take evaluates given architectures.
func (r *run) take(list []space.Genes) {
	for len(list) > 0 {
		n := min(len(list), len(r.children))
		for i, g := range list[:n] {
			r.children[i].genes = slices.Clone(g)
		}
		list = list[n:]
		r.evaluate(r.fresh(r.children[:n]))
	}
}

// enumerate evaluates every architecture.
func (r *run) enumerate(ctx context.Context) Reason {
	batch := make([]space.Genes, 0, generation)
	for g := range r.space.All() {
		if batch = append(batch, slices.Clone(g)); len(batch) == generation {
			if ctx.Err() != nil {
				return reasonOf(ctx)
			}
			r.take(batch)
			batch = batch[:0]
			if r.Progress != nil {
				r.Progress(r.progress())
			}
		}
	}
	r.take(batch)
	return SpaceExhausted
}

// parallel shares n items among the workers.
func (r *run) parallel(n int, do func(from, to int)) {
	if r.Workers == 1 || n < 2*r.Workers {
		do(0, n)
		return
	}
	var wait sync.WaitGroup
	for w := range r.Workers {
		wait.Go(func() { do(w*n/r.Workers, (w+1)*n/r.Workers) })
	}
	wait.Wait()
}

func (r *run) result(stop Reason) *Result {
	result := &Result{Evaluations: r.evaluated, Stop: stop, History: r.history}
	r.archive.each(func(e entry) { result.Front = append(result.Front, Member{e.genes, r.natural(e.costs)}) })
	result.Others = r.beaten()
	slices.SortFunc(result.Front, func(a, b Member) int {
		first := cmp.Compare(a.Values[0], b.Values[0])
		if r.objectives[0].Maximise {
			first = -first
		}
		return cmp.Or(first, slices.Compare(a.Values, b.Values), slices.Compare(a.Genes, b.Genes))
	})
	if len(r.broken) > 0 {
		result.Nearest, result.Violation = Member{r.broken[0].genes, r.natural(r.broken[0].values)}, r.broken[0].violation
	}
	return result
}

// natural gives costs their own sign again.
func (r *run) natural(costs []float64) []float64 {
	values := slices.Clone(costs)
	for i, o := range r.objectives {
		if o.Maximise {
			values[i] = -values[i]
		}
	}
	return values
}
