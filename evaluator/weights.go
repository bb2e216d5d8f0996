package evaluator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/internal/engine"
	"nas/internal/safetensors"
	"nas/internal/strictjson"
	"nas/space"
)

// Weights are trained parameters of an architecture, as a safetensors file holds them
// (nn.Model.Weights lists the names).
type Weights struct {
	Arch      space.Arch
	Tokeniser *text.Tokeniser // that they were trained with; nil: the file does not say
	Model     *nn.Model[float32]
	Unused    []string // tensors of the file that Arch has no place for

	pooler map[string][]float32 // of the file; training has none
}

// Keys of a file's metadata, besides format, which others look for.
const (
	metadataArch      = "nas.arch"
	metadataTokeniser = "nas.tokeniser"
)

// SaveWeights writes n, which may be a slice of m, with its architecture and, unless
// that is nil, the tokeniser that it was trained with.
func SaveWeights(path string, m *nn.Model[float32], n *nn.Net, t *text.Tokeniser) error {
	arch, err := json.Marshal(n.Arch)
	if err != nil {
		return err
	}
	metadata := map[string]string{"format": "pt", metadataArch: string(arch)}
	if t != nil {
		metadata[metadataTokeniser] = string(t.Marshal())
	}
	return safetensors.Write(path, metadata, m.Weights(n))
}

// ErrNoArch is of files that do not say of which architecture they are.
var ErrNoArch = errors.New("the file does not say its architecture")

// ReadWeights reads the weights of a from a file, or of the architecture that the file
// says where a is nil.
func ReadWeights(path string, a *space.Arch) (*Weights, error) {
	f, err := safetensors.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w, err := readWeights(f, a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func readWeights(f *safetensors.File, a *space.Arch) (w *Weights, err error) {
	w = &Weights{pooler: map[string][]float32{}}
	arch, said := f.Metadata[metadataArch]
	switch {
	case a != nil:
		w.Arch = *a
	case !said:
		return nil, ErrNoArch
	default:
		if err := strictjson.Decode([]byte(arch), &w.Arch); err != nil {
			return nil, fmt.Errorf("%s: %w", metadataArch, err)
		}
	}
	if w.Model, w.Unused, err = nn.ReadWeights(w.Arch, f); err != nil {
		return nil, err
	}
	if t, ok := f.Metadata[metadataTokeniser]; ok {
		if w.Tokeniser, err = text.Parse([]byte(t)); err != nil {
			return nil, fmt.Errorf("%s: %w", metadataTokeniser, err)
		}
		if n := w.Tokeniser.Vocabulary(); n > w.Arch.Vocabulary {
			return nil, fmt.Errorf("%s: %d tokens for an architecture of %d", metadataTokeniser, n, w.Arch.Vocabulary)
		}
	}
	return w, w.readPooler(f)
}

// readPooler reads what stands behind an encoder as BERT's files call it.
func (w *Weights) readPooler(f *safetensors.File) error {
	if w.Arch.Head != space.Pooler {
		return nil
	}
	for part, want := range map[string][]int64{"weight": {int64(w.Arch.Hidden), int64(w.Arch.Hidden)}, "bias": {int64(w.Arch.Hidden)}} {
		for _, name := range []string{"bert.pooler.dense." + part, "pooler.dense." + part} {
			if i := slices.Index(w.Unused, name); i >= 0 {
				if shape, _ := f.Shape(name); !slices.Equal(shape, want) {
					return fmt.Errorf("%s is %v; in %v it is %v", name, shape, w.Arch, want)
				}
				n := w.Arch.Hidden
				if part == "weight" {
					n *= n
				}
				values := make([]float32, n)
				if err := f.Float32(name, values); err != nil {
					return err
				}
				w.Unused, w.pooler["pooler."+part] = slices.Delete(w.Unused, i, i+1), values
			}
		}
	}
	return nil
}

// Source is what the int8 runtime packs. A pooler that the file lacks is zero.
func (w *Weights) Source() engine.Source {
	return weightsSource{w.Model.Source(w.Model.Whole()), w.pooler}
}

type weightsSource struct {
	*nn.Source
	pooler map[string][]float32
}

func (s weightsSource) Tensor(name string, dst []float32) {
	if name == "pooler.weight" || name == "pooler.bias" {
		clear(dst)
		copy(dst, s.pooler[name])
		return
	}
	s.Source.Tensor(name, dst)
}

// Given scores architectures by weights that are there, without training anything.
type Given struct {
	Training
	Float   bool // score in float32 instead of int8
	weights map[string]*Weights
}

// NewGiven makes the evaluator of the architectures of list.
func NewGiven(t Training, list ...*Weights) *Given {
	g := &Given{Training: t, weights: map[string]*Weights{}}
	for _, w := range list {
		g.weights[w.Arch.Key()] = w
	}
	return g
}

func (*Given) Name() string   { return "weights" }
func (g *Given) Unit() string { return (&Supernet{Float: g.Float}).Unit() }
func (*Given) Kind() Kind     { return Sampled }
func (*Given) Cost() Cost     { return Costly }

// Evaluate runs the weights of a on the held-out batches.
func (g *Given) Evaluate(ctx context.Context, a space.Arch) (Score, error) {
	w, ok := g.weights[a.Key()]
	if !ok {
		return Score{}, fmt.Errorf("evaluator: weights: there are none of %v", a)
	}
	if n := g.Task.Vocabulary(); n > a.Vocabulary {
		return Score{}, fmt.Errorf("evaluator: weights: the task has %d tokens, the architecture %d", n, a.Vocabulary)
	}
	net, batch := w.Model.Whole(), text.NewBatch(g.Recipe.Batch, g.Recipe.Sequence)
	var loss func(text.Batch) (float64, error)
	if g.Float {
		e, err := nn.NewExec[float32](g.Threads, "")
		if err != nil {
			return Score{}, err
		}
		p := &nn.Pass[float32]{Exec: e, Tape: nn.NewTape[float32](net, batch.B, batch.T), Net: net, Model: w.Model}
		loss = func(b text.Batch) (float64, error) {
			p.Forward(b)
			return p.CrossEntropy(1).Mean, nil
		}
	} else {
		q, err := newInt8(w.Model, net, batch.B, batch.T)
		if err != nil {
			return Score{}, err
		}
		defer q.close()
		loss = q.loss
	}
	losses := make([]float64, g.heldOut())
	for i := range losses {
		if err := ctx.Err(); err != nil {
			return Score{}, err
		}
		g.Task.Held(i, batch)
		var err error
		if losses[i], err = loss(batch); err != nil {
			return Score{}, err
		}
	}
	return scoreOf(losses, g.difficulty()), nil
}
