package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nas/evaluator"
	"nas/internal/strictjson"
	"nas/results"
	"nas/space"
)

// evaluation is what nas evaluate is asked.
type evaluation struct {
	target
	output
	truth string
	scoring
	known, splits int
	weights       string
}

// evaluators are those of nas evaluate; the surrogate needs --truth.
var evaluators = []string{"capacity", "table", "command", "train", "supernet", "weights", "surrogate"}

var evaluateFormats = []string{"table", "md", "json"}

func (a *app) evaluateCommand() *cobra.Command {
	e := &evaluation{}
	c := &cobra.Command{Use: "evaluate [FILE|-|MODEL…]", Short: "Score architectures, or judge an evaluator against trained models",
		Long: `Score given architectures by proxy accuracy, more being better.
` + architectures + `

With --truth, hold an evaluator against models that were really trained: how well it
orders them (tau, rho), and above all how well it orders pairs of nearly equal size
(concordance within a band: 1 all right, 0 a coin), beside what parameter counts and
depth alone would say. FILE.csv has one trained model a row; what it does not say of
a model, such as its norms, is as in --space if that is given, else as in BERT or GPT-2.

  nas evaluate BERT-mini TinyBERT-4
  nas evaluate front.json --evaluator command --command "python3 score.py text.txt"
  nas evaluate front.json --evaluator train --corpus stories.txt --steps 500
  nas evaluate front.json --evaluator supernet --space decoder-compact --corpus stories.txt --supernet net.bin
  nas evaluate BERT-tiny --evaluator train --corpus stories.txt --save tiny.safetensors
  nas evaluate tiny.safetensors --evaluator weights --corpus stories.txt
  nas evaluate --truth trained.csv
  nas evaluate --truth trained.csv --evaluator surrogate --known 60

train trains every architecture from scratch; supernet trains one network that holds
every architecture of --space as a slice, and scores slices in int8. Both on the text
of --corpus or, without one, on a synthetic --task. --save keeps the weights of the
one architecture that is given, under Hugging Face's names; weights scores those of
such a file in int8, without training.`,
		RunE: func(c *cobra.Command, args []string) error { return a.evaluate(c, e, args) }}
	e.workloadFlags(c)
	f := c.Flags()
	f.StringVar(&e.truth, "truth", "", "judge the evaluator against the trained models of a CSV `file`")
	e.scoring.flags(c, evaluators)
	f.StringVar(&e.save, "save", "", "write the trained weights of the architecture to a safetensors `file`")
	f.StringVar(&e.weights, "weights", "", "trained weights of the architecture: a safetensors `file`")
	f.Uint64Var(&e.seed, "seed", 1, "of the random numbers")
	f.IntVar(&e.known, "known", 60, "scores that the surrogate is told")
	f.IntVar(&e.splits, "splits", 50, "random splits into known and unknown for the surrogate")
	f.StringVarP(&e.format, "format", "f", "table", "`form`: "+strings.Join(evaluateFormats, ", "))
	f.StringVarP(&e.path, "output", "o", "", "write to `file` (default: the terminal)")
	return c
}

func (a *app) evaluate(c *cobra.Command, e *evaluation, args []string) error {
	if err := e.check(c, args); err != nil {
		return err
	}
	var truth *evaluator.Truth
	var g given
	var err error
	if e.truth != "" {
		if truth, err = readTruth(e.truth); err != nil {
			return err
		}
		for _, m := range truth.Models {
			g.models = append(g.models, model{name: m.ID, arch: m.Arch})
		}
	} else if g, err = a.read(args); err != nil {
		return err
	} else if err = a.weigh(g.models, e.weights); err != nil {
		return err
	} else if e.save != "" && len(g.models) != 1 {
		return bad(fmt.Errorf("--save keeps the weights of one architecture, there are %d", len(g.models)), "nas evaluate each of them with a --save of its own")
	}
	if err := e.suit(c, g); err != nil {
		return err
	}
	if truth != nil && c.Flags().Changed("space") {
		if err := e.form(truth); err != nil {
			return err
		}
	}
	if err := a.open(c.Context(), &e.scoring, e.space, e.workload, g.models); err != nil {
		return err
	}
	defer e.scoring.close()
	if truth != nil {
		return a.judge(c.Context(), e, truth)
	}
	return a.score(c.Context(), e, g.models)
}

// form gives trained models what their file does not say of them, such as norms and
// positions, from the space that they are of.
func (e *evaluation) form(truth *evaluator.Truth) error {
	for i := range truth.Models {
		m := &truth.Models[i]
		form := e.space.Model
		form.Vocabulary = m.Arch.Vocabulary
		if form.Gated != m.Arch.Gated {
			return bad(fmt.Errorf("%s: %s has a feed-forward network of another form than the space %q", e.truth, m.ID, e.spaceName), "leave --space out, or give the space that the models are of")
		}
		m.Arch.Model = form
		if err := m.Arch.Validate(); err != nil {
			return bad(fmt.Errorf("%s: %s: %w", e.truth, m.ID, err), "leave --space out, or give the space that the models are of")
		}
	}
	return nil
}

// check finds faults of the flags before any work.
func (e *evaluation) check(c *cobra.Command, args []string) error {
	e.threads = 1
	switch {
	case e.truth == "" && len(args) == 0:
		return bad(errMissing("an architecture or --truth"), "nas evaluate BERT-mini, or nas evaluate --truth trained.csv")
	case e.truth != "" && len(args) > 0:
		return bad(fmt.Errorf("surplus argument %.40q: --truth brings its own architectures", args[0]), "give the ones or the other")
	case e.format != "table" && e.format != "md" && e.format != "json":
		return bad(fmt.Errorf("unknown format %.20q: one of %s", e.format, strings.Join(evaluateFormats, ", ")), "--format table")
	}
	if e.name == "surrogate" && e.truth == "" {
		return bad(errors.New("a surrogate has nothing to learn from without --truth"), "nas evaluate --truth trained.csv --evaluator surrogate")
	}
	for _, flag := range []string{"known", "splits"} {
		if c.Flags().Changed(flag) && e.name != "surrogate" {
			return bad(fmt.Errorf("--%s is of --evaluator surrogate, not %s", flag, e.name), "--evaluator surrogate")
		}
	}
	for _, n := range []struct {
		flag             string
		value, low, high int
	}{{"known", e.known, 8, 2000}, {"splits", e.splits, 1, 10000}} {
		if n.value < n.low || n.value > n.high {
			return bad(fmt.Errorf("--%s %d is outside %d…%d", n.flag, n.value, n.low, n.high), "leave --%s out for the default", n.flag)
		}
	}
	if err := e.scoring.check(c.Flags(), evaluators); err != nil {
		return err
	}
	if e.truth != "" && e.save+e.weights != "" {
		return bad(errors.New("--truth goes neither with --save nor with --weights: they are of one architecture"), "nas evaluate MODEL --save FILE")
	}
	for _, path := range []string{e.path, e.save} {
		if path != "" {
			if err := writable(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func readTruth(path string) (*evaluator.Truth, error) {
	const hint = "one trained model a row; nas evaluate --help shows an example"
	data, err := strictjson.Read(path, evaluator.MaxTruth)
	if err != nil {
		return nil, bad(err, hint)
	}
	truth, err := evaluator.ParseTruth(data)
	if err != nil {
		return nil, bad(fmt.Errorf("%s:%w", path, err), hint)
	}
	return truth, nil
}

// all asks the evaluator, with progress.
func (a *app) all(ctx context.Context, e *evaluation, archs []space.Arch) []evaluator.Scored {
	begin := time.Now()
	return evaluator.All(ctx, e.evaluator, archs, e.workers(), func(done int) {
		a.progress(time.Duration(float64(time.Since(begin))*float64(len(archs)-done)/float64(done)), "%d of %d scored", done, len(archs))
	})
}

// scored is one line of nas evaluate's JSON.
type scored struct {
	Name       string            `json:"name,omitempty"`
	Arch       space.Arch        `json:"arch"`
	Score      *float64          `json:"score"`
	Resolution *float64          `json:"resolution"`
	Curve      []evaluator.Point `json:"curve,omitempty"` // of a training
	Error      string            `json:"error,omitempty"`
}

// score prints the scores of given models.
func (a *app) score(ctx context.Context, e *evaluation, models []model) error {
	var archs []space.Arch
	for _, m := range models {
		archs = append(archs, m.arch)
	}
	list, failures := make([]scored, len(models)), 0
	for i, s := range a.all(ctx, e, archs) {
		list[i] = scored{Name: models[i].name, Arch: models[i].arch}
		if t, ok := e.evaluator.(*evaluator.Train); ok {
			list[i].Curve = t.Curve(models[i].arch)
		}
		if s.Err != nil {
			list[i].Error = s.Err.Error()
			failures++
			continue
		}
		list[i].Score, list[i].Resolution = &s.Value, &s.Resolution
	}
	err := a.put(&e.output, func(w io.Writer) error {
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
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return &fault{exitStopped, errors.New("stopped early; the scores so far were kept"), "the same command without interruption scores the rest"}
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
		l.Rows = append(l.Rows, row)
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
