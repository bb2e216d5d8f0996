package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nas/results"
	"nas/search"
	"nas/space"
)

// feasible answers before the search whether the limits can be met: what the space
// reaches, how much of it, and which limits exclude each other.
func (a *app) feasible(ctx context.Context, h *hunt, p *search.Additive) (seeds []space.Genes, survey *search.Survey, err error) {
	seeds, proved, err := p.Feasibility()
	if err != nil {
		return nil, nil, h.infeasible(err)
	}
	survey = p.Survey(h.seed)
	if len(survey.Quantities) > 0 {
		a.phase("reach: %s", feasibility(survey).Words())
	}
	if proved || survey.Feasible > 0 {
		return seeds, survey, nil
	}
	if c := p.Conflict(ctx, search.ExactSettings{Workers: h.workers}); c != nil {
		show := results.Quantity
		return nil, nil, failed(fmt.Errorf("no architecture of %s keeps %s within %s and %s within %s at once, though each alone can be: within that %s the least %s is %s, within that %s the least %s is %s",
			h.space.Name, c.A.Name, show(c.A.Name, c.A.Limit), c.B.Name, show(c.B.Name, c.B.Limit), c.A.Name, c.B.Name, show(c.B.Name, c.BestB), c.B.Name, c.A.Name, show(c.A.Name, c.BestA)),
			"relax one of the two to that figure")
	}
	return seeds, survey, nil
}

// infeasible says which limit binds, what the space reaches and what that is made of.
func (h *hunt) infeasible(err error) error {
	var e *search.Infeasible
	if !errors.As(err, &e) {
		return err
	}
	a := h.space.Arch(e.Genes)
	what, unit := "--"+e.Name, " B"
	show, flag := results.Bytes, fmt.Sprintf("--%s %dKiB", e.Name, int64(e.Smallest+1023)/1024)
	switch e.Name {
	case search.Memory, search.Flash:
	case search.Params:
		show, unit = func(n int64) string { return results.Count(float64(n)) }, ""
		flag = fmt.Sprintf("--params %.0f", e.Smallest)
	default:
		show, unit = func(n int64) string { return results.Duration(float64(n)) }, " ns"
		what, flag = "--latency "+e.Name+"=", fmt.Sprintf("--latency %s=%.0fus", e.Name, e.Smallest/1000+1)
		if e.Name == search.Latency {
			what, flag = "--latency", fmt.Sprintf("--latency %.0fus", e.Smallest/1000+1)
		}
	}
	limit, least := show(int64(e.Limit.Limit)), show(int64(e.Smallest))
	if limit == least { // to four digits
		limit, least = fmt.Sprintf("%.0f%s", e.Limit.Limit, unit), fmt.Sprintf("%.0f%s", e.Smallest, unit)
	}
	text := fmt.Sprintf("no architecture of %s keeps %s within %s; the smallest needs %s (%v)", h.space.Name, what, limit, least, a)
	if e.Name == search.Memory || e.Name == search.Flash {
		text += ": " + parts(a, e.Memory)
	}
	smaller := "fewer or smaller choices for vocabulary, embedding and hidden make a smaller space"
	if h.space.Name != trainable && (e.Name == search.Memory || e.Name == search.Flash) {
		smaller = "--space " + trainable + " holds small decoders, of a vocabulary learnt on one's own text"
	}
	return failed(errors.New(text), "%s can be met; %s", flag, smaller)
}

// parts says what memory goes to, and which part binds: the largest.
func parts(a space.Arch, m space.Memory) string {
	embedding := 0
	for _, w := range space.Lower(a, smallest(a)).Weights {
		if w.Embedding {
			embedding += w.Bytes
		}
	}
	list := []struct {
		name  string
		bytes int
	}{{"the embedding tables", embedding}, {"the other weights", m.Weights - embedding}, {"the arena", m.Arena}, {"the KV cache", m.KV}}
	text, most := "", list[0]
	for i, p := range list {
		if i > 0 {
			text += ", "
		}
		text += strings.TrimPrefix(p.name, "the ") + " " + results.Bytes(int64(p.bytes))
		if p.bytes > most.bytes {
			most = p
		}
	}
	return fmt.Sprintf("%s; what binds: %s", text, most.name)
}

// smallest is a workload that every model of a's family takes.
func smallest(a space.Arch) space.Workload {
	if a.Family == space.Decoder {
		return space.Workload{Phase: space.Prefill, Batch: 1, Tokens: 1, Context: 1}
	}
	return space.Workload{Phase: space.Encode, Batch: 1, Tokens: 1}
}

// empty says what came nearest where a search found nothing within the limits.
func (h *hunt) empty(p *search.Additive, r *search.Result) error {
	if len(r.Nearest.Genes) == 0 {
		return failed(errors.New("the search was stopped before it found an architecture within the limits"), "give it more --time or --evaluations")
	}
	t := p.Totals(r.Nearest.Genes)
	needs := []string{"memory " + results.Bytes(int64(t.Total())), "flash " + results.Bytes(int64(t.Flash)), results.Count(float64(t.Params)) + " parameters"}
	for i, of := range h.timings {
		needs = append(needs, of.name+" "+results.Duration(t.Latency[i]))
	}
	return failed(fmt.Errorf("no architecture within all limits was found in %d evaluations (%s); the nearest needs %s (%v)",
		r.Evaluations, r.Stop, strings.Join(needs, ", "), h.space.Arch(r.Nearest.Genes)),
		"each limit alone can be met, together they exclude each other or nearly so: relax one of them")
}
