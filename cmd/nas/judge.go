package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"

	"nas/evaluator"
	"nas/results"
	"nas/space"
)

// judgement is the JSON of nas evaluate --truth.
type judgement struct {
	Tool      string              `json:"tool"`
	Set       string              `json:"set"`
	Metric    string              `json:"metric"`
	Models    int                 `json:"models"`
	Evaluator string              `json:"evaluator"`
	Kind      string              `json:"kind"`
	Known     int                 `json:"known,omitempty"` // of a surrogate
	Splits    int                 `json:"splits,omitempty"`
	Tau       evaluator.Figure    `json:"tau"`
	TauLow    evaluator.Figure    `json:"tau_low"`
	TauHigh   evaluator.Figure    `json:"tau_high"`
	Rho       evaluator.Figure    `json:"rho"`
	Bands     []evaluator.Band    `json:"bands"`
	Baselines []evaluator.Ranking `json:"baselines"`
	Ceiling   *evaluator.Ranking  `json:"ceiling"` // null: no seed is repeated
	Failures  []failure           `json:"failures"`
}

type failure struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// judge holds the evaluator against truth.
func (a *app) judge(ctx context.Context, e *evaluation, truth *evaluator.Truth) error {
	j := evaluator.NewJudge(truth)
	out := judgement{Tool: "nas " + Version, Set: truth.Set, Metric: truth.Metric, Evaluator: e.name, Failures: []failure{}}
	a.phase("judging %s by %d trained models of %s", e.name, len(j.Models), truth.Set)
	var r evaluator.Ranking
	if e.name == "surrogate" {
		var err error
		if r, err = j.HoldOut(e.known, e.splits, e.seed); err != nil {
			return bad(err, "--known with fewer models leaves some to be ranked")
		}
		out.Kind, out.Known, out.Splits = evaluator.Fitted.String(), e.known, e.splits
	} else {
		scores, failures := a.scoresOf(ctx, e, j)
		if ctx.Err() != nil {
			return abandoned("before every model had a score")
		}
		if out.Failures = append(out.Failures, failures...); len(failures) > 0 {
			if len(j.Models)-len(failures) < 2 {
				return failed(fmt.Errorf("%d of %d models have no score: %s", len(failures), len(j.Models), failures[0].Error), "nas evaluate MODEL tries one")
			}
			j, scores = j.Scored(scores)
		}
		out.Kind = e.evaluator.Kind().String()
		r = j.Rank(e.name, scores)
	}
	out.Models = len(j.Models)
	out.Tau, out.TauLow, out.TauHigh, out.Rho, out.Bands = r.Tau, r.TauLow, r.TauHigh, r.Rho, r.Bands
	out.Baselines, out.Ceiling = j.Baselines(), j.Ceiling()
	return a.put(&e.output, func(w io.Writer) error {
		if e.format == "json" {
			return indented(w, out)
		}
		return out.list(r, truth.Lower).Write(w, e.format)
	})
}

// scoresOf are the evaluator's scores of the judge's models, NaN after a failure. An
// evaluator that counts takes the counts of the file.
func (a *app) scoresOf(ctx context.Context, e *evaluation, j *evaluator.Judge) (scores []float64, failures []failure) {
	if e.name == "capacity" {
		for _, m := range j.Models {
			scores = append(scores, m.NonEmbedding)
		}
		return scores, nil
	}
	var archs []space.Arch
	for _, m := range j.Models {
		archs = append(archs, m.Arch)
	}
	for i, s := range a.all(ctx, e, archs) {
		if s.Err != nil {
			s.Value = math.NaN()
			failures = append(failures, failure{j.Models[i].ID, s.Err.Error()})
		}
		scores = append(scores, s.Value)
	}
	return scores, failures
}

// list is the judgement for people: a row for each way to order, concordance with
// its interval in each band.
func (o *judgement) list(r evaluator.Ranking, lower bool) *results.List {
	direction := map[bool]string{false: "higher", true: "lower"}[lower]
	l := &results.List{Columns: []results.Column{{Header: "ordered by"}, {Header: "tau", Number: true}, {Header: "rho", Number: true}}}
	l.Above = []string{fmt.Sprintf("truth  %s: %d models, %s (%s is better)", o.Set, o.Models, o.Metric, direction)}
	if len(o.Failures) > 0 {
		l.Above = append(l.Above, fmt.Sprintf("failed %d models have no score and are left out; the first: %s: %s", len(o.Failures), o.Failures[0].ID, o.Failures[0].Error))
	}
	rows := append([]evaluator.Ranking{r}, o.Baselines...)
	rows[0].Name = fmt.Sprintf("%s (%s)", r.Name, o.Kind)
	count := []string{"pairs", strconv.Itoa(o.Models * (o.Models - 1) / 2), ""}
	if o.Splits > 0 {
		n := o.Models - o.Known
		count[1] = strconv.Itoa(n * (n - 1) / 2)
	}
	for _, b := range r.Bands {
		l.Columns = append(l.Columns, results.Column{Header: fmt.Sprintf("±%.0f %% %s", 100*b.Width, b.By), Number: true})
		count = append(count, strconv.Itoa(b.Pairs))
	}
	if o.Ceiling != nil {
		rows = append(rows, *o.Ceiling)
	}
	for _, r := range rows {
		row := []string{r.Name, within(r.Tau, r.TauLow, r.TauHigh), figure(r.Rho)}
		for _, b := range r.Bands {
			row = append(row, within(b.Concordance, b.Low, b.High))
		}
		l.Rows = append(l.Rows, row)
	}
	l.Rows = append(l.Rows, count)
	l.Below = []string{
		"tau, ±N %      (right − wrong) / pairs of models, as the score orders them against how training did: 1 all right, 0 a coin, −1 all wrong",
		"±10 % total    over pairs of nearly equal size only: one has at most 10 % more parameters, embeddings included (total) or not (non-embedding)",
		"[low, high]    95 % interval; where two of a column overlap widely, these models do not tell which orders better",
		"non-embedding  and the rows below it: what counting alone would say; a score that does not beat them knows nothing more",
	}
	if o.Splits > 0 {
		l.Below = append(l.Below, fmt.Sprintf("surrogate      fitted to %d scores, judged on the other %d models: means and the middle 95 %% of %d random splits", o.Known, o.Models-o.Known, o.Splits))
	}
	if o.Ceiling != nil {
		l.Below = append(l.Below, "seed against seed: how one training orders what another orders, the noise that no score sees through")
	}
	return l
}

func figure(f evaluator.Figure) string {
	if math.IsNaN(float64(f)) {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(f))
}

func within(f, low, high evaluator.Figure) string {
	if math.IsNaN(float64(f)) {
		return figure(f)
	}
	return fmt.Sprintf("%s [%s, %s]", figure(f), figure(low), figure(high))
}
