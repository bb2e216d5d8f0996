package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"nas/evaluator"
	"nas/evaluator/nn"
	"nas/results"
	"nas/space"
)

// scored is one line of nas evaluate's JSON.
type scored struct {
	Name       string     `json:"name,omitempty"`
	Arch       space.Arch `json:"arch"`
	Score      *float64   `json:"score"`
	Resolution *float64   `json:"resolution"`
	Steps      int        `json:"steps,omitempty"` // of a training that halving gave it
	Curve      []nn.Point `json:"curve,omitempty"` // of a training
	Error      string     `json:"error,omitempty"`
}

func scoredOf(m model, s evaluator.Scored, by evaluator.Evaluator) scored {
	if s.Err != nil {
		return scored{Name: m.name, Arch: m.arch, Error: s.Err.Error()}
	}
	line := scored{Name: m.name, Arch: m.arch, Score: &s.Value, Resolution: &s.Resolution}
	if kept, ok := by.(*keptScores); ok {
		line.Curve = kept.curve(m.arch)
	}
	return line
}

// score prints the scores of given models.
func (a *app) score(ctx context.Context, e *evaluation, g given) error {
	list, failures, models := []scored{}, 0, g.models
	var err error
	if e.halvings > 0 {
		if list, err = a.halve(ctx, e, models); err != nil {
			return err
		}
	} else {
		var archs []space.Arch
		for _, m := range models {
			archs = append(archs, m.arch)
		}
		for i, s := range a.all(ctx, e, archs) {
			list = append(list, scoredOf(models[i], s, e.evaluator))
		}
	}
	for _, s := range list {
		if s.Score == nil {
			failures++
		}
	}
	err = a.put(&e.output, func(w io.Writer) error {
		if e.format == "json" {
			return indented(w, struct {
				Tool      string   `json:"tool"`
				Evaluator string   `json:"evaluator"`
				Unit      string   `json:"unit"`
				Kind      string   `json:"kind"`
				Cost      string   `json:"cost"`
				Scores    []scored `json:"scores"`
			}{"nas " + Version, e.evaluator.Name(), e.evaluator.Unit(), e.evaluator.Kind().String(), e.evaluator.Cost().String(), list})
		}
		return e.scoresList(list).Write(w, e.format)
	})
	if e.rescoredPath != "" && ctx.Err() == nil {
		err = cmp.Or(err, a.rescore(e, g.reports[0], list))
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return stopped(fmt.Sprintf("%d of %d architectures have a score", len(list)-failures, len(list)), "the same command without interruption scores the rest")
	case failures > 0:
		return failed(fmt.Errorf("%d of %d architectures have no score", failures, len(list)), "the column error says why; --format json says it in full")
	}
	return nil
}

func (e *evaluation) scoresList(list []scored) *results.List {
	l := &results.List{Columns: []results.Column{{Header: "model"}, {Header: "architecture"}, {Header: "score", Number: true}, {Header: "resolution", Number: true}, {Header: "error"}},
		Below: []string{fmt.Sprintf("score       %s (%v); more is better", e.evaluator.Unit(), e.evaluator.Kind()),
			"resolution  two scores closer than the larger one's resolution are a tie"}}
	for _, s := range list {
		row := []string{s.Name, s.Arch.String(), "", "", s.Error}
		if s.Score != nil {
			row[2], row[3] = people(*s.Score), people(*s.Resolution)
		}
		if e.halvings > 0 {
			row = append(row, fmt.Sprint(s.Steps))
		}
		l.Rows = append(l.Rows, row)
	}
	if e.halvings > 0 {
		l.Columns = append(l.Columns, results.Column{Header: "steps", Number: true})
		l.Below = append(l.Below, "steps       of training; only scores of equally many compare")
	}
	return l
}

// people is v for people: counts with their unit, the rest to four digits.
func people(v float64) string {
	if v >= 1000 {
		return results.Count(v)
	}
	return fmt.Sprintf("%.4g", v)
}

// indented writes JSON for machines that people look at too.
func indented(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(v)
}
