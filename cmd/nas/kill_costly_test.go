package main

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nas/evaluator/nn"
	"nas/results/study"
)

// Of searches that train: what they are killed in.
const (
	inTraining   = "training"   // of the supernet, or before the first score
	inEvaluation = "evaluation" // architectures are scored
	inRefit      = "refit"      // between two batches of scores
)

const costlySpace = `
name: costly
family: decoder
vocabulary: 64
positions: 64
hidden: [16, 32, 48]
layers: [1, 2, 3, 4]
heads: {per_layer: [1, 2, 4]}
head_width: 8
ffn: {per_layer: [16, 32, 64, 96]}
workload: {prompt: 16, context: 32}
`

// A search that trains, is killed at any moment and goes on, ends with the bytes of one
// that was not. NAS_KILLS says how many are killed of each evaluator.
func TestKillCostly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	kills := 2
	if n, err := strconv.Atoi(os.Getenv("NAS_KILLS")); err == nil {
		kills = n
	}
	folder, command := board(t, "costly.yaml", costlySpace)
	random := rand.New(rand.NewPCG(uint64(kills), 7))
	for name, flags := range map[string][]string{
		"supernet": {"--steps", "200", "--scores", "80", "--train-batch", "16", "--train-sequence", "48"},
		"train":    {"--steps", "30", "--scores", "48", "--train-batch", "8", "--train-sequence", "32"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := append([]string{"search", "--space", "./costly.yaml", "--device", "board.json", "--memory", "120KiB", "--evaluator", name,
				"--task", "compression", "--held-out", "4", "--format", "json"}, flags...)
			// Without a kill: the result, and how long the phases take.
			var trained, scored time.Duration
			begin := time.Now()
			want := watch(t, command(append(ask, "--study", name+"-whole.db")...), func(line string) {
				if trained == 0 && (strings.Contains(line, "the supernet is trained") || strings.Contains(line, "training on")) {
					trained = time.Since(begin)
				}
			})
			scored = time.Since(begin) - trained
			again := watch(t, command(ask...), func(string) {})
			if !bytes.Equal(again, want) {
				t.Fatalf("%s: without a study it is another result", name)
			}
			killed := map[string]int{}
			file, resumed := "", 0
			for k, round := 0, 0; k < kills; round++ {
				file = filepath.Join(folder, name+strconv.Itoa(round)+".db")
				steps, scores := 0, 0
				for part := 0; ; part++ { // up to three kills of one search
					c := command(append(ask, "--study", file)...)
					var stop *time.Timer
					after := func(d time.Duration) { stop = time.AfterFunc(d, func() { c.Process.Kill() }) }
					last := k >= kills || part == 3
					out := watch(t, c, func(line string) {
						switch {
						case strings.Contains(line, "scores are known from the study"):
							resumed++
						case last:
						case strings.Contains(line, "the supernet of") && k%2 == 0:
							after(time.Duration(random.Int64N(int64(trained))))
						case strings.Contains(line, "the supernet is trained"), strings.Contains(line, "training on"):
							if stop != nil {
								stop.Stop()
							}
							after(time.Duration(random.Int64N(int64(scored))))
						}
					})
					if stop != nil {
						stop.Stop()
					}
					if out != nil {
						if !bytes.Equal(out, want) {
							t.Fatalf("%s: after %d kills another result:\n%.600s\nwant\n%.600s", name, part, out, want)
						}
						break
					}
					k++
					now, known := kept(t, file)
					if now < steps || known < scores {
						t.Fatalf("%s: %d steps and %d scores are kept, there were %d and %d", name, now, known, steps, scores)
					}
					steps, scores = now, known
					phase := inEvaluation
					switch {
					case known == 0:
						phase = inTraining
					case known >= 32 && known%16 == 0:
						phase = inRefit
					}
					killed[phase]++
					t.Logf("%s: kill %d in %s: %d steps of the supernet, %d scores kept", name, k, phase, now, known)
				}
			}
			t.Logf("%s: killed %v; %d runs went on from scores", name, killed, resumed)
		})
	}
}

// watch runs c, shows every line of its talk to see, and gives its output; nil: it was
// killed.
func watch(t *testing.T, c *exec.Cmd, see func(line string)) []byte {
	t.Helper()
	var out bytes.Buffer
	c.Stdout = &out
	talk, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := ""
	for lines := bufio.NewScanner(talk); lines.Scan(); {
		said += lines.Text() + "\n"
		see(lines.Text())
	}
	err = c.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.Bytes()
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		return nil
	}
	t.Fatalf("%v: %s", err, said)
	return nil
}

// kept is what is there after a kill: steps of the supernet, scores.
func kept(t *testing.T, file string) (steps, scores int) {
	t.Helper()
	if _, err := os.Stat(file + ".supernet"); err == nil {
		e, err := nn.NewExec[float32](1, "")
		if err != nil {
			t.Fatal(err)
		}
		net, err := nn.Load(file+".supernet", e)
		if err != nil {
			t.Fatal(err)
		}
		steps = net.Step()
	}
	s, err := study.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return steps, 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sum, err := s.Summary()
	if err != nil {
		t.Fatal(err)
	}
	return steps, sum.Scores
}
