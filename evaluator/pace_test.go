package evaluator

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"nas/evaluator/nn"
)

func TestPace(t *testing.T) {
	p := Pace{Alone: time.Second, Together: 3 * time.Second}
	if got, want := p.Training(100), (30*1+70*3)*time.Second; got != want {
		t.Errorf("100 steps take %v, want %v", got, want)
	}
	for _, steps := range []int{1, 2, 99, 100, 5000} {
		if got := p.Steps(p.Training(steps)); got != steps {
			t.Errorf("%d steps fit where %d do", got, steps)
		}
	}
	if got := p.Steps(0); got != 1 {
		t.Errorf("%d steps fit into no time", got)
	}
}

// A training that is slower than its pace is shortened to what fits, and never made longer than planned.
func TestWithin(t *testing.T) {
	pace := Pace{Alone: time.Minute, Together: 3 * time.Minute}
	form := nn.DefaultSupernetForm(1000) // 300 alone
	// The plan takes 2400 minutes, of which 480 count as seen.
	for name, c := range map[string]struct {
		step       int
		took, left time.Duration
		now        int // steps that it had come to
		steps      int
		alone      int
	}{
		"as planned": {100, 100 * time.Minute, 2300 * time.Minute, 1000, 1000, 300},
		"faster":     {100, 50 * time.Minute, 2300 * time.Minute, 1000, 1000, 300},
		"recovered":  {100, 100 * time.Minute, 2300 * time.Minute, 400, 1000, 300},
		// Twice as slow: (1320 + 480) / (420 + 480), from step 340 on, all of three minutes.
		"slower": {340, 1320 * time.Minute, 2 * 300 * time.Minute, 1000, 440, 300},
		// (680 + 480) / (100 + 480) = 2: of 500 steps 150 are alone, 50 + 3 * 350 minutes.
		"in time": {100, 680 * time.Minute, 2 * 1100 * time.Minute, 1000, 500, 150},
		"no time": {500, 1800 * time.Minute, 0, 1000, 500, 300},
		"over":    {500, 1800 * time.Minute, -time.Hour, 1000, 500, 300},
		// A stop of 200 minutes at the first steps costs a third of them, not nearly all.
		"early stop": {3, 203 * time.Minute, 2197 * time.Minute, 1000, 648, 194},
	} {
		now := time.Now()
		w := &Within{Pace: pace, End: now.Add(c.left + 10*time.Second), begun: now.Add(-c.took), planned: 1000}
		if steps, got := w.fit(c.step, c.now, form); steps != c.steps || got.Alone != c.alone {
			t.Errorf("%s: %d steps, %d alone; want %d, %d", name, steps, got.Alone, c.steps, c.alone)
		}
	}
}

// A supernet whose time is short ends as if it had been meant to.
func TestSupernetWithin(t *testing.T) {
	s := parseSpace(t, smallSpace)
	train := training(t, 4000, false)
	train.Within = &Within{Pace: Pace{Alone: time.Nanosecond, Together: time.Nanosecond}, End: time.Now()}
	path := filepath.Join(t.TempDir(), "supernet")
	net, err := TrainSupernet(context.Background(), s, train, nn.DefaultSupernetForm(4000), path)
	if err != nil {
		t.Fatal(err)
	}
	if net.Steps() > 20 {
		t.Errorf("%d steps", net.Steps())
	}
	kept, form, err := nn.ReadRecipe(path)
	if err != nil || kept.Steps != net.Steps() || form.Alone > net.Steps() {
		t.Errorf("%+v %+v, %v", kept, form, err)
	}
}
