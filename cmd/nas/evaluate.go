package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"nas/evaluator"
	"nas/internal/strictjson"
	"nas/results/study"
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
	study         string
	rescoredPath  string
	halvings      int
}

// evaluators are those of nas evaluate; the surrogate needs --truth.
var evaluators = []string{"capacity", "table", "command", "train", "supernet", "weights", "surrogate"}

func (a *app) evaluateCommand() *cobra.Command {
	e := &evaluation{output: output{formats: compared}}
	c := &cobra.Command{Use: "evaluate [FILE|-|MODEL…]", Short: "Score architectures, or judge an evaluator against trained models",
		Long: `Score given architectures by proxy accuracy, more being better.
` + architectures + `

With --truth, hold an evaluator against models that were really trained: how well it
orders them (tau, rho), and above all how well it orders pairs of nearly equal size
(concordance within a band: 1 all right, 0 a coin), beside what parameter counts and
depth alone would say. The CSV files of --truth and --table have one trained model a
row, under these names of columns:

  set, id        of the models' set, and of the model in it
  family, vocab, embedding, hidden, layers
  head_dim, heads, kv_heads, ffn
                 one number a layer, apart by spaces: 16 16
  ffn_matrices   2 (plain) or 3 (gated)
  params_nonemb, params_total
                 empty: counted from the shape
  metric, value, better
                 what training came to: loss, 3.99, lower (or higher)
  seed           of the training; may be left out

What they do not say of a model, such as its norms, is as in --space if that is given,
else as in BERT or GPT-2.

  nas evaluate BERT-mini TinyBERT-4
  nas evaluate front.json --evaluator command --command "python3 score.py text.txt"
  nas evaluate front.json --evaluator train --corpus stories.txt --steps 500
  nas evaluate front.json --evaluator supernet --space decoder-compact --corpus stories.txt --supernet net.bin
  nas evaluate BERT-tiny --evaluator train --corpus stories.txt --save tiny.safetensors
  nas evaluate tiny.safetensors --evaluator weights --corpus stories.txt
  nas evaluate --study phone.db --evaluator train --corpus stories.txt --steps 250 --halvings 3
  nas evaluate front.json --evaluator train --corpus stories.txt --rescored trained.json
  nas evaluate --truth trained.csv
  nas evaluate --truth trained.csv --evaluator surrogate --known 60

train trains every architecture from scratch; supernet trains one network that holds
every architecture of --space as a slice, and scores slices in int8. Both on the text
of --corpus or, without one, on a synthetic --task. --save keeps the weights of the
one architecture that is given, under Hugging Face's names; weights scores those of
such a file in int8, without training.

--halvings is successive halving: the better half of the architectures is trained anew
for twice the steps, and so on. Better is what gives the better front in score, memory
and, of a report, latency. --study keeps every score and learning curve in a study of
nas search, whose front is scored where no architecture is given; what it knows is not
trained again. --rescored writes the front that is given with its new scores, for
nas compare, nas export and nas report.`,
		RunE: func(c *cobra.Command, args []string) error { return a.evaluate(c, e, args) }}
	e.workloadFlags(c)
	f := c.Flags()
	f.StringVar(&e.truth, "truth", "", "judge the evaluator against the trained models of a CSV `file`")
	e.scoring.flags(c, evaluators)
	f.StringVar(&e.save, "save", "", "write the trained weights of the architecture to a safetensors `file`")
	f.StringVar(&e.weights, "weights", "", "trained weights of the architecture: a safetensors `file`")
	f.StringVar(&e.study, "study", "", "score the front of a study, and keep scores and learning curves in that `file`")
	f.StringVar(&e.rescoredPath, "rescored", "", "write the report that is given, with these scores, to a JSON `file`")
	f.IntVar(&e.halvings, "halvings", 0, "train the better half again for twice the steps, `n` times")
	f.Uint64Var(&e.seed, "seed", 1, "of the random numbers")
	f.IntVar(&e.known, "known", 60, "scores that the surrogate is told")
	f.IntVar(&e.splits, "splits", 50, "random splits into known and unknown for the surrogate")
	e.output.flags(c)
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
	} else if g, err = a.read(e.sources(args)); err != nil {
		return err
	} else if err = a.weigh(g.models, e.weights); err != nil {
		return err
	} else if e.save != "" && len(g.models) != 1 {
		return bad(fmt.Errorf("--save keeps the weights of one architecture, there are %d", len(g.models)), "nas evaluate each of them with a --save of its own")
	}
	if err := e.rescorable(g); err != nil {
		return err
	}
	if err := e.suit(c, g); err != nil {
		return err
	}
	if truth != nil && c.Flags().Changed("space") {
		if err := e.form(truth); err != nil {
			return err
		}
	}
	if e.study != "" {
		e.checkpoint = e.study + ".training"
	}
	if err := a.open(c.Context(), &e.scoring, e.space, e.workload, g.models); err != nil {
		return err
	}
	defer e.scoring.close()
	k, err := e.remember()
	if err != nil {
		return err
	}
	return errors.Join(a.evaluated(c.Context(), e, truth, g), k.close())
}

// evaluated judges or scores with an evaluator that is open.
func (a *app) evaluated(ctx context.Context, e *evaluation, truth *evaluator.Truth, g given) error {
	if truth != nil {
		return a.judge(ctx, e, truth)
	}
	return a.score(ctx, e, g)
}

// sources are what architectures are read from.
func (e *evaluation) sources(args []string) []string {
	if len(args) == 0 {
		return []string{e.study}
	}
	return args
}

// remember gives the evaluator the memory of the study, if there is one.
func (e *evaluation) remember() (k *keeper, err error) {
	if e.evaluator == nil { // a surrogate
		return nil, nil
	}
	if e.study != "" {
		s, err := study.Open(e.study)
		if err != nil {
			return nil, studyFault(e.study, err)
		}
		k = &keeper{Study: s}
	}
	kept, err := keep(e.evaluator, k, e.identity())
	e.evaluator = kept
	return k, err
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
	case e.truth == "" && len(args) == 0 && e.study == "":
		return bad(errMissing("an architecture or --truth"), "nas evaluate BERT-mini, or nas evaluate --truth trained.csv")
	case e.truth != "" && len(args) > 0:
		return bad(fmt.Errorf("surplus argument %.40q: --truth brings its own architectures", args[0]), "give the ones or the other")
	case e.halvings != 0 && e.name != "train":
		return bad(fmt.Errorf("--halvings is of --evaluator train, not %s", e.name), "--evaluator train --halvings %d", e.halvings)
	case e.halvings != 0 && e.truth+e.save != "":
		return bad(errors.New("--halvings scores a front: it goes neither with --truth nor with --save"), "nas evaluate front.json --evaluator train --halvings 2")
	case e.rescoredPath != "" && (e.truth != "" || e.halvings != 0):
		return bad(errors.New("--rescored takes equal scores of all: it goes neither with --truth nor with --halvings"), "nas evaluate front.json --evaluator train --rescored trained.json")
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
	}{{"known", e.known, 8, 2000}, {"splits", e.splits, 1, 10000}, {"halvings", e.halvings, 0, 20}} {
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
	if err := cmp.Or(keepable("save", e.save), writable(e.rescoredPath)); err != nil {
		return err
	}
	return e.output.check()
}

const truthHint = "one trained model a row; nas evaluate --help names the columns"

func readTruth(path string) (*evaluator.Truth, error) {
	data, err := strictjson.Read(path, evaluator.MaxTruth)
	if err != nil {
		return nil, bad(err, truthHint)
	}
	truth, err := evaluator.ParseTruth(data)
	if err != nil {
		return nil, bad(fmt.Errorf("%s:%w", path, err), truthHint)
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
