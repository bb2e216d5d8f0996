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

// references are the hand-designed models of the family, without those that have too
// few positions for the workload, and where scores are costly without those that are not
// of the space: neither is a supernet's slice what they are, nor a training as short.
func (f *find) references(ctx context.Context, j *judge) (list []results.Candidate, err error) {
	var outside, unscored []string
	for _, r := range space.References(f.space.Model.Family) {
		if j.timings[0].workload.Validate(r.Arch.Model) != nil {
			continue
		}
		if f.scores != nil {
			if !f.holds(r.Arch) {
				outside = append(outside, r.Name)
				continue
			}
			if _, err := f.referenceScore(ctx, r.Arch); err != nil {
				unscored = append(unscored, fmt.Sprintf("%s (%v)", r.Name, err))
				continue
			}
		}
		c, err := j.candidate(ctx, r.Arch)
		if err != nil {
			return nil, err
		}
		c.Name, c.Source = r.Name, r.Source
		list = append(list, c)
	}
	name := f.hunt.scoring.name
	if len(outside) > 0 {
		f.scoring.warnings = append(f.scoring.warnings, fmt.Sprintf("reference models without a score of %s are left out, since the space does not hold them: %s", name, strings.Join(outside, ", ")))
	}
	if len(unscored) > 0 {
		f.scoring.warnings = append(f.scoring.warnings, fmt.Sprintf("reference models without a score of %s are left out: %s", name, strings.Join(unscored, ", ")))
	}
	return list, nil
}

// holds reports whether a is of the space but for its vocabulary, which is the text's
// where a score is trained.
func (f *find) holds(a space.Arch) bool {
	a.Vocabulary = f.space.Model.Vocabulary
	_, err := f.space.Genes(a)
	return err == nil
}

// referenceScore has a reference model scored as a member is; but not when the search was
// stopped and a score takes long.
func (f *find) referenceScore(ctx context.Context, a space.Arch) (float64, error) {
	stopped := f.result.Stop == search.Cancelled || f.result.Stop == search.TimeUp && f.hunt.scoring.name != "supernet"
	if !f.scores.knows(a) && (f.replay || stopped) {
		return 0, errors.New("the search was stopped")
	}
	s, err := f.scores.Evaluate(ctx, a)
	return s.Value, err
}
