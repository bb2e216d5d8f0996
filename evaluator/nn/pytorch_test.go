package nn

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"nas/evaluator/text"
	"nas/space"
)

// example is one model of testdata/pytorch.json, which testdata/pytorch.py wrote.
type example struct {
	Name            string
	Arch            space.Arch
	Batch           int
	Tokens, Targets []int32
	Logits          []float64
	Loss            float64
	Gradients       map[string][]float64
}

// fill makes the weights of pytorch.py.
func fill[F Float](m *Model[F]) {
	for _, t := range m.Tensors {
		state := uint32(2166136261)
		for _, c := range []byte(t.Name) {
			state = (state ^ uint32(c)) * 16777619
		}
		shift := 0.0
		if strings.HasSuffix(t.Name, "norm.weight") {
			shift = 1
		}
		for i := range t.Size() {
			state = state*1664525 + 1013904223
			m.Params[t.Offset+i] = F(float32((float64(state)/(1<<32)-0.5)*0.6 + shift))
		}
	}
}

func examples(t *testing.T) (list []example) {
	t.Helper()
	data, err := os.ReadFile("testdata/pytorch.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// Logits, losses and gradients are those of PyTorch for the same weights.
func TestAgainstPyTorch(t *testing.T) {
	t.Run("float64", func(t *testing.T) { againstPyTorch[float64](t, 3e-5) })
	t.Run("float32", func(t *testing.T) { againstPyTorch[float32](t, 1e-4) })
}

func againstPyTorch[F Float](t *testing.T, tolerance float64) {
	e, err := NewExec[F](2, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range examples(t) {
		if err := x.Arch.Validate(); err != nil {
			t.Fatal(err)
		}
		m := NewModel[F](x.Arch, 1)
		fill(m)
		n := len(x.Tokens) / x.Batch
		batch := text.Batch{B: x.Batch, T: n, Inputs: x.Tokens, Targets: x.Targets}
		p := &Pass[F]{Exec: e, Tape: NewTape[F](m.Whole(), x.Batch, n), Net: m.Whole(), Model: m}
		p.Forward(batch)
		logits := make([]F, len(p.Logits()))
		for i, v := range p.Logits() {
			logits[i] = v / math.Log2E
		}
		same(t, x.Name+" logits", logits, x.Logits, tolerance)
		if loss := p.CrossEntropy(1).Mean; math.Abs(loss-x.Loss) > tolerance*x.Loss {
			t.Errorf("%s: loss %v, PyTorch %v", x.Name, loss, x.Loss)
		}
		p.Backward(batch)
		if len(x.Gradients) != len(m.Tensors) {
			t.Errorf("%s: %d tensors, PyTorch %d", x.Name, len(m.Tensors), len(x.Gradients))
		}
		for _, tensor := range m.Tensors {
			same(t, x.Name+" d "+tensor.Name, m.Grads[tensor.Offset:][:tensor.Size()], x.Gradients[tensor.Name], tolerance)
		}
	}
}

// same compares values relative to the largest.
func same[F Float](t *testing.T, name string, got []F, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, PyTorch %d", name, len(got), len(want))
		return
	}
	largest := 1e-3 // a bias of keys has no gradient but by rounding
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= tolerance*largest) {
			t.Errorf("%s[%d]: %v, PyTorch %v, the largest is %v", name, i, v, want[i], largest)
			return
		}
	}
}
