package evaluator

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"nas/space"
)

// counted scores by what a rung says of the number of an architecture.
type counted struct {
	Evaluator
	asked *int
	score func() (float64, error)
}

func (c counted) Evaluate(context.Context, space.Arch) (Score, error) {
	*c.asked++
	v, err := c.score()
	return Score{Value: v}, err
}

// Half of the able go on to each next rung; who fails does not, and a stop keeps what
// is known.
func TestHalving(t *testing.T) {
	s := parseSpace(t, smallSpace)
	r := rand.New(rand.NewPCG(1, 1))
	var archs []space.Arch
	for range 9 {
		archs = append(archs, s.Arch(s.Sample(r)))
	}
	best := func(alive []int, scores []float64, n int) []int {
		places := make([]int, len(alive))
		for i := range places {
			places[i] = i
		}
		slices.SortFunc(places, func(a, b int) int {
			if scores[a] > scores[b] {
				return -1
			}
			return 1
		})
		return places[:n]
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, c := range []struct {
		name   string
		stopAt int
		rungs  []int // of the architectures
		asked  []int // by rung
	}{
		{"whole", -1, []int{0, 0, 0, 0, 0, 2, 2, 1, 1}, []int{9, 4, 2}},
		{"stopped", 11, []int{0, 0, 0, 0, 0, 0, 0, 1, 1}, []int{9, 2, 0}},
	} {
		asked, total := make([]int, 3), 0
		h := Halving{Rungs: 3, Better: best, At: func(rung int) Evaluator {
			return counted{asked: &asked[rung], score: func() (float64, error) {
				if total++; total == c.stopAt {
					cancel()
				}
				if rung == 0 && asked[0] == 3 {
					return 0, errors.New("diverged")
				}
				return float64(asked[rung]), nil
			}}
		}}
		list := h.Run(ctx, archs)
		for i, l := range list {
			if l.Rung != c.rungs[i] || (l.Err != nil) != (i == 2) {
				t.Errorf("%s: architecture %d came to rung %d, %v; want %d", c.name, i, l.Rung, l.Err, c.rungs[i])
			}
		}
		if !slices.Equal(asked, c.asked) {
			t.Errorf("%s: asked %v, want %v", c.name, asked, c.asked)
		}
	}
}
