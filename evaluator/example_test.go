package evaluator

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nas/space"
)

// goroot is where the Go toolchain lies, with its texts.
func goroot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("there is no go command: ", err)
	}
	return strings.TrimSpace(string(out))
}

// The example that trains with PyTorch learns: more steps give a better score, and
// equal seeds the same one.
func TestPyTorchExample(t *testing.T) {
	const python = "/usr/bin/python3"
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	if exec.Command(python, "-c", "import torch").Run() != nil {
		t.Skip("there is no PyTorch for " + python)
	}
	text := filepath.Join(goroot(t), "src", "testdata", "Isaac.Newton-Opticks.txt")
	a := space.References(space.Decoder)[0].Arch
	a.Embedding, a.Hidden, a.Layers = 32, 32, []space.Layer{{Heads: 2, HeadWidth: 16, KVHeads: 1, FFN: 64}}
	score := func(budget int64) float64 {
		c := NewCommand([]string{python, filepath.Join("..", "examples", "pytorch", "score.py"), text}, Settings{Budget: budget, Timeout: 5 * time.Minute})
		defer c.Close()
		s, err := c.Evaluate(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		if s.Resolution <= 0 || s.Resolution > 1 {
			t.Errorf("resolution %v", s.Resolution)
		}
		return s.Value
	}
	few, many := score(2), score(60)
	if !(many > few+0.5) || many < -5 || few < -7 {
		t.Errorf("score %v after 2 steps, %v after 60", few, many)
	}
	if again := score(2); again != few {
		t.Errorf("score %v, then %v", few, again)
	}
}
