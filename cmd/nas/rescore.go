package main

import (
	"cmp"
	"errors"
	"fmt"

	"nas/results"
)

// rescored is the one report that was given, its members with the scores of another
// evaluator. What held for the former ones is left out: references, the history of the
// search, its distance to the exact front. Members without a score are left out too.
func (e *evaluation) rescored(from *results.Report, list []scored) (*results.Report, error) {
	r := *from
	c := &r.Conditions
	r.Front, r.References, r.Others, r.History, c.Exact = nil, nil, nil, nil, nil
	r.Warnings = append([]string{}, from.Warnings...)
	for i, s := range list {
		if s.Score == nil {
			continue
		}
		member := from.Front[i]
		member.Score, member.ScoreResolution = *s.Score, *s.Resolution
		r.Front = append(r.Front, member)
	}
	if len(r.Front) == 0 {
		return nil, failed(errors.New("no member of the front has a score"), "nas evaluate FILE without --rescored says why")
	}
	r.Warnings = append(r.Warnings, fmt.Sprintf("the members were found with scores of %s, these are of %s: some may beat others", cmp.Or(c.Evaluator, "an evaluator that a CSV file does not tell"), e.evaluator.Name()))
	if n := len(list) - len(r.Front); n > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d members have no score of %s and are left out", n, e.evaluator.Name()))
	}
	r.Warnings = append(r.Warnings, e.warnings...)
	c.Evaluator, c.ScoreUnit = e.evaluator.Name(), e.evaluator.Unit()
	r.Mark(results.ObjectivesOf(c.Objectives))
	return &r, nil
}

// rescore writes the report with its new scores.
func (a *app) rescore(e *evaluation, from *results.Report, list []scored) error {
	r, err := e.rescored(from, list)
	if err != nil {
		return err
	}
	return a.write(&output{format: "json", path: e.rescoredPath}, r)
}

// rescorable says whether what is given can be written to --rescored.
func (e *evaluation) rescorable(g given) error {
	if e.rescoredPath != "" && (len(g.reports) != 1 || len(g.models) != len(g.reports[0].Front)) {
		return bad(errors.New("--rescored writes one report with other scores; what is given is not one report"), "nas evaluate front.json --evaluator train --rescored trained.json")
	}
	return nil
}
