package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nas/kernels"
	"nas/latency"
	"nas/results"
	"nas/space"
)

// trial is what nas validate is asked.
type trial struct {
	target
	output
	models               int
	seed                 uint64
	time                 span
	maxMAPE, minWithin5  float64
	picture              string
	askedMAPE, askedPart bool
}

func (a *app) validateCommand() *cobra.Command {
	v := &trial{models: 30, seed: 1, time: span(40 * time.Second)}
	c := &cobra.Command{Use: "validate", Short: "Predicted against measured latency on whole models", Args: exactly(0, ""),
		Long: `Draw whole models from the space, from the smallest to the largest that run in the
time given, run them on this machine and hold the measured latencies against the
predicted ones. Exits with 1 when an error bound is broken.

  nas validate
  nas validate --models 60 --max-mape 2.5 --min-within5 95
  nas validate --space decoder-compact --phase decode --context 512 --format json
  nas validate --device board.json -o agreement.svg    on the board itself`,
		RunE: func(c *cobra.Command, _ []string) error {
			v.askedMAPE, v.askedPart = c.Flags().Changed("max-mape"), c.Flags().Changed("min-within5")
			return a.validate(c.Context(), v)
		}}
	v.workloadFlags(c)
	v.deviceFlags(c)
	f := c.Flags()
	f.StringVarP(&v.format, "format", "f", "table", "`form`: table, md, json")
	f.StringVarP(&v.picture, "output", "o", "", "draw predicted against measured into this `file`, .svg or .png")
	f.IntVar(&v.models, "models", v.models, "how many models")
	f.Uint64Var(&v.seed, "seed", v.seed, "equal seeds draw equal models")
	f.Var(&v.time, "time", "begin no round of measuring after this time")
	f.Float64Var(&v.maxMAPE, "max-mape", 0, "fail when the mean error is larger than so many `per cent`")
	f.Float64Var(&v.minWithin5, "min-within5", 0, "fail when fewer than so many `per cent` of the models are within ±5 %")
	return c
}

func (v *trial) check() error {
	switch {
	case v.models < 2 || v.models > 1000:
		return bad(fmt.Errorf("--models %d is outside 2…1000", v.models), "the default is --models 30")
	case v.askedMAPE && !(v.maxMAPE > 0 && v.maxMAPE <= 1000):
		return bad(fmt.Errorf("--max-mape %v is no per cent above zero", v.maxMAPE), "--max-mape 2.5 is 2.5 per cent")
	case v.askedPart && !(v.minWithin5 >= 0 && v.minWithin5 <= 100):
		return bad(fmt.Errorf("--min-within5 %v is outside 0…100", v.minWithin5), "--min-within5 95 is 95 per cent")
	case v.format != "table" && v.format != "md" && v.format != "json":
		return bad(fmt.Errorf("unknown format %.20q", v.format), "the formats of nas validate are table, md and json")
	}
	if v.picture != "" {
		if e := filepath.Ext(v.picture); e != ".svg" && e != ".png" {
			return bad(fmt.Errorf("-o %s: a picture is .svg or .png", v.picture), "nas validate -o agreement.svg; the figures go to stdout")
		}
		return writable(v.picture)
	}
	return nil
}

func (a *app) validate(ctx context.Context, v *trial) error {
	if err := v.check(); err != nil {
		return err
	}
	if err := v.resolve(); err != nil {
		return err
	}
	device, level, err := v.machine()
	if err != nil {
		return err
	}
	if err := v.samePlace(device); err != nil {
		return err
	}
	ops, err := v.ops(v.workload)
	if err != nil {
		return err
	}
	from, err := a.latencies(ctx, &v.target, ops)
	if err != nil {
		return err
	}
	if v.device != "" {
		if level, err = kernels.Detect(from.predictor.Table().Level); err != nil {
			return bad(err, "nas devices levels lists the levels of this machine")
		}
	}
	s := v.settings(device, level)
	s.Budget, s.Seed = time.Duration(v.time), v.seed
	ties, err := v.within(s.Workload, math.Inf(1))
	if err != nil {
		return err
	}
	found, cases, runs, err := a.trial(ctx, v.space, from.predictor, ties, s, v.models)
	if err != nil {
		return err
	}
	report := &results.Validation{Agreement: results.Agreement(*found), Conditions: results.ValidationConditions{Tool: "nas " + Version, Space: v.space.Name,
		Workload: v.workload, Device: device.Name, Level: level.String(), Threads: v.threads, TableDate: from.predictor.Table().Date, Seed: v.seed, Busy: runs.Context.Busy}}
	for _, c := range cases {
		report.Runs = append(report.Runs, results.ValidationRun{Arch: c.Arch, Streamed: c.Bytes, Predicted: c.Predicted.Nanoseconds, Low: c.Predicted.Low, High: c.Predicted.High,
			Measured: c.Measured.Floor, Median: c.Measured.Median, Rounds: c.Measured.Rounds, Confirmed: c.Measured.Reached})
	}
	if err := a.put(&v.output, func(w io.Writer) error { return results.WriteValidation(w, v.format, report) }); err != nil {
		return err
	}
	if v.picture != "" {
		if err := results.DrawAgreement(v.picture, report); err != nil {
			return failed(err, "is there room on the disk?")
		}
		a.phase("wrote %s", v.picture)
	}
	if ctx.Err() != nil {
		return stopped("the figures are of the rounds so far and held to no bound", "the same command without interruption gives firmer ones")
	}
	return v.judge(found)
}

// trial runs models of a space against a predictor, between ties that its table may have.
func (a *app) trial(ctx context.Context, in *space.Space, p *latency.Predictor, ties []*space.Program, settings latency.Settings, models int) (*latency.Validation, []latency.Case, *latency.Runs, error) {
	archs, err := latency.Strata(in, settings.Workload, p, models, settings.Budget, rand.New(rand.NewPCG(settings.Seed, 1)))
	if err != nil {
		return nil, nil, nil, failed(err, "give it more --time")
	}
	if len(archs) < 2 {
		return nil, nil, nil, failed(fmt.Errorf("a validation takes two models or more, and but one of %s runs in this time", in.Name), "more --time, or a larger space; nas measure holds one model against its prediction")
	}
	a.phase("running %s on this machine: kernel level %s, threads %d, %v", results.Counted(len(archs), "model"), settings.Level, settings.Threads, settings.Workload)
	budget := settings.Budget
	settings.Progress = func(p latency.Progress) {
		a.progress(max(budget-p.Elapsed, 0), "round %d: %d of %d models done", p.Round, p.Done, p.Models)
	}
	v, cases, runs, err := latency.Validate(ctx, p, archs, ties, settings)
	if err != nil {
		return nil, nil, nil, unmeasured(ctx, err)
	}
	for _, text := range runs.Context.Advice() {
		a.warn(text)
	}
	return v, cases, runs, nil
}

// judge fails when a bound is broken.
func (v *trial) judge(found *latency.Validation) error {
	var broken []string
	if v.askedMAPE && found.MAPE > v.maxMAPE {
		broken = append(broken, fmt.Sprintf("the mean error is %.3g %%, above %.3g %%", found.MAPE, v.maxMAPE))
	}
	if v.askedPart && found.Within5 < v.minWithin5 {
		broken = append(broken, fmt.Sprintf("%.4g %% of the models are within ±5 %%, below %.4g %%", found.Within5, v.minWithin5))
	}
	if len(broken) > 0 {
		return failed(errors.New(strings.Join(broken, "; ")), "measure the table again on a quiet machine: nas profile -o FILE, then nas validate --device FILE")
	}
	return nil
}
