package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"nas/evaluator"
	"nas/evaluator/nn"
	"nas/results/study"
	"nas/space"
)

// keptScores is an evaluator with a memory, which is the study's where there is one: a
// score that was given once is there for good, and asked for no more.
type keptScores struct {
	evaluator.Evaluator
	keeper   *keeper // nil: no study
	identity string
	lost     func(cause error) // called when the study takes no more; may be nil

	mu     sync.Mutex
	known  map[string]study.Score
	unkept error
}

// keep gives e the scores that the study has of its identity.
func keep(e evaluator.Evaluator, k *keeper, identity string) (*keptScores, error) {
	c := &keptScores{Evaluator: e, keeper: k, identity: identity, known: map[string]study.Score{}}
	if k == nil {
		return c, nil
	}
	var err error
	if c.known, err = k.Scores(identity); err != nil {
		return nil, studyFault(k.Path(), err)
	}
	return c, nil
}

// knows reports whether a was asked for before.
func (c *keptScores) knows(a space.Arch) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.known[a.Key()]
	return ok
}

// Evaluate remembers.
func (c *keptScores) Evaluate(ctx context.Context, a space.Arch) (evaluator.Score, error) {
	if !c.knows(a) {
		score, err := c.Evaluator.Evaluate(ctx, a)
		if err != nil && ctx.Err() != nil {
			return evaluator.Score{}, ctx.Err() // not asked
		}
		c.put(a, score, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.known[a.Key()]
	if s.Failure != "" {
		return evaluator.Score{}, errors.New(s.Failure)
	}
	return evaluator.Score{Value: s.Value, Resolution: s.Resolution}, nil
}

func (c *keptScores) put(a space.Arch, score evaluator.Score, err error) {
	s := study.Score{Value: score.Value, Resolution: score.Resolution}
	if err != nil {
		s = study.Score{Failure: err.Error()}
	} else if t, ok := c.Evaluator.(*evaluator.Train); ok {
		for _, p := range t.Curve(a) {
			s.Curve = append(s.Curve, study.Point(p))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[a.Key()] = s
	if c.keeper == nil || c.unkept != nil {
		return
	}
	if c.unkept = c.keeper.PutScore(c.identity, a.Key(), s); c.unkept != nil && c.lost != nil {
		c.lost(c.unkept)
	}
}

// curve is the learning curve of a, if it was trained.
func (c *keptScores) curve(a space.Arch) (list []nn.Point) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.known[a.Key()].Curve {
		list = append(list, nn.Point(p))
	}
	return list
}

// identity is all that scores depend on besides the architecture. What files hold counts,
// not what they are called; of a supernet that is trained, the recipe.
func (s *scoring) identity() string {
	l := s.learning
	l.corpus, l.task, l.supernet = s.data, "", s.origin
	return fmt.Sprintf("%s seed %d: %q budget %d %+v", s.name, s.seed, s.command, s.budget, l)
}

// identify holds the identity of scores against that of the study, which it becomes where
// there is none.
func (k *keeper) identify(identity string) error {
	settings, err := k.Settings()
	if err != nil {
		return studyFault(k.Path(), err)
	}
	switch settings.Scoring {
	case identity:
		return nil
	case "":
		settings.Scoring = identity
		if err := k.PutSettings(settings); err != nil {
			return studyFault(k.Path(), err)
		}
		return nil
	}
	return bad(fmt.Errorf("the scores of the study %s are of another text or supernet: what --corpus or --supernet holds has changed", k.Path()), "begin another study: --study other.db; or give the former file")
}
