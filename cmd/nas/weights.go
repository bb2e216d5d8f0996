package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"nas/evaluator"
	"nas/results"
	"nas/space"
)

// weightsSuffix is how the names of files of trained weights end.
const weightsSuffix = ".safetensors"

// trained takes an architecture with its weights from a file that nas wrote.
func (g *given) trained(path string) error {
	w, err := readWeights(path, nil)
	if err != nil {
		return err
	}
	g.models = append(g.models, model{name: strings.TrimSuffix(filepath.Base(path), weightsSuffix), arch: w.Arch, weights: w})
	return nil
}

func readWeights(path string, arch *space.Arch) (*evaluator.Weights, error) {
	w, err := evaluator.ReadWeights(path, arch)
	switch {
	case errors.Is(err, evaluator.ErrNoArch):
		return nil, bad(err, "give its architecture beside it: nas measure ARCH --weights %s", path)
	case err != nil:
		return nil, bad(err, "nas evaluate MODEL --evaluator train --save FILE%s writes one; names of tensors are those of BertModel or LlamaForCausalLM", weightsSuffix)
	}
	return w, nil
}

// weigh reads the file of --weights for the one model that is given, and says what of
// files is not used.
func (a *app) weigh(models []model, path string) error {
	if path != "" {
		if len(models) != 1 {
			return bad(fmt.Errorf("--weights are of one architecture, there are %d", len(models)), "nas evaluate or nas measure each of them with its --weights")
		}
		w, err := readWeights(path, &models[0].arch)
		if err != nil {
			return err
		}
		models[0].weights = w
	}
	for _, m := range models {
		if m.weights == nil {
			continue
		}
		a.phase("%s: %s parameters", m.weights.Arch, results.Count(float64(len(m.weights.Model.Params))))
		if n := len(m.weights.Unused); n > 0 {
			a.warn(fmt.Sprintf("%s of the file not used, the first: %s", results.Counted(n, "tensor"), m.weights.Unused[0]))
		}
	}
	return nil
}

// given makes the evaluator of weights that are there.
func (a *app) given(s *scoring, models []model) error {
	var list []*evaluator.Weights
	for _, m := range models {
		if m.weights == nil {
			return bad(fmt.Errorf("%v has no weights", m.arch), "nas evaluate FILE%s --evaluator weights, or nas evaluate MODEL --evaluator weights --weights FILE%s", weightsSuffix, weightsSuffix)
		}
		list = append(list, m.weights)
	}
	first := list[0]
	for _, w := range list {
		s.origin += w.Model.Digest()
	}
	for _, w := range list[1:] {
		if !sameTokens(w, first) {
			return bad(errors.New("the weights were trained with different tokenisers: their losses are of different tokens"), "nas evaluate each file alone")
		}
	}
	s.tokeniser = first.Tokeniser
	if s.vocabulary == 0 {
		s.vocabulary = first.Arch.Vocabulary
	}
	t, err := a.training(s, first.Arch.Model)
	if err != nil {
		return err
	}
	g := evaluator.NewGiven(t, list...)
	g.Float = s.float
	s.evaluator = g
	return nil
}

// sameTokens reports whether two files of weights mean the same by a token.
func sameTokens(a, b *evaluator.Weights) bool {
	if a.Tokeniser == nil || b.Tokeniser == nil {
		return a.Tokeniser == b.Tokeniser && a.Arch.Vocabulary == b.Arch.Vocabulary
	}
	return string(a.Tokeniser.Marshal()) == string(b.Tokeniser.Marshal())
}
