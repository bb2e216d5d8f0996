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

// A training that is slower than its pace is shortened to what fits, and never made longer.
func TestWithin(t *testing.T) {
	pace := Pace{Alone: time.Minute, Together: 3 * time.Minute}
	form := nn.DefaultSupernetForm(1000) // 300 alone
	for name, c := range map[string]struct {
		step        int
		took, left  time.Duration
		steps, more int // and of these alone
	}{
		"as planned":   {100, 100 * time.Minute, 2300 * time.Minute, 1000, 300},
		"faster":       {100, 50 * time.Minute, 2300 * time.Minute, 1000, 300},
		"a bit slower": {100, 104 * time.Minute, 2300 * time.Minute, 1000, 300},
		// 500 minutes of the pace are left: of 250 steps 75 are alone, which are over.
		"half as fast": {100, 200 * time.Minute, 1000 * time.Minute, 100 + 500/3, 100},
		// From step 100 on, of 500 steps 150 are alone: 50 + 3 * 350 minutes.
		"late":       {100, 200 * time.Minute, 2 * 1100 * time.Minute, 500, 150},
		"together":   {500, 2 * (300 + 600) * time.Minute, 2 * 300 * time.Minute, 600, 300},
		"no time":    {500, 1800 * time.Minute, 0, 500, 300},
		"over":       {500, 1800 * time.Minute, -time.Hour, 500, 300},
		"too little": {9, 200 * time.Minute, 100 * time.Minute, 1000, 300},
	} {
		now := time.Now()
		w := &Within{Pace: pace, End: now.Add(c.left + 10*time.Second), begun: now.Add(-c.took), first: 0}
		if steps, got := w.fit(c.step, 1000, form); steps != c.steps || got.Alone != c.more {
			t.Errorf("%s: %d steps, %d alone; want %d, %d", name, steps, got.Alone, c.steps, c.more)
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
	if net.Steps() < 10 || net.Steps() > 20 {
		t.Errorf("%d steps", net.Steps())
	}
	kept, form, err := nn.ReadRecipe(path)
	if err != nil || kept.Steps != net.Steps() || form.Alone > net.Steps() {
		t.Errorf("%+v %+v, %v", kept, form, err)
	}
}
