package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"nas/evaluator"
	"nas/results"
)

func (a *app) predictCommand() *cobra.Command {
	t, o := &target{}, &output{}
	name := evaluator.Names()[0]
	c := &cobra.Command{Use: "predict FILE|-|MODEL…", Short: "Latency, memory and score of given architectures", Args: some,
		Long: `Predict latency, memory and score of given architectures on a device.
` + architectures + `

  nas predict BERT-mini TinyBERT-4
  nas predict front.json --device board.json
  nas space sample decoder-compact --count 5 | nas predict - --phase prefill`,
		RunE: func(c *cobra.Command, args []string) error {
			e, err := evaluator.ByName(name)
			if err != nil {
				return bad(err, "--evaluator %s", evaluator.Names()[0])
			}
			if err := o.check(); err != nil {
				return err
			}
			g, err := a.read(args)
			if err == nil {
				err = t.suit(c, g)
			}
			if err != nil {
				return err
			}
			from, err := a.latenciesOf(c.Context(), t, g.models)
			if err != nil {
				return err
			}
			r, err := t.predict(c.Context(), judgeOf(from, t.workload, e, t.threads), g.models)
			if err != nil {
				return err
			}
			return a.write(o, r)
		}}
	t.workloadFlags(c)
	t.deviceFlags(c)
	o.flags(c)
	c.Flags().StringVar(&name, "evaluator", name, "`name` of the proxy accuracy: "+strings.Join(evaluator.Names(), ", "))
	return c
}

// predict is a report on models in their order.
func (t *target) predict(ctx context.Context, j *judge, models []model) (*results.Report, error) {
	r := &results.Report{Conditions: j.conditions(t.space.Name), Front: []results.Candidate{}}
	for _, m := range models {
		c, err := j.candidate(ctx, m.arch)
		if err != nil {
			return nil, err
		}
		c.Name = m.name
		r.Front = append(r.Front, c)
	}
	r.Warnings = j.warnings()
	return r, nil
}
