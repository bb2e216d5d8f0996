package main

import (
	"testing"
	"time"
)

func TestFairShare(t *testing.T) {
	for _, c := range []struct {
		bound, elapsed time.Duration
		done, all      int
		want           time.Duration
	}{
		{60 * time.Second, 0, 0, 3, 20 * time.Second},
		{60 * time.Second, 20 * time.Second, 1, 3, 20 * time.Second},
		{60 * time.Second, 10 * time.Second, 1, 3, 25 * time.Second}, // what is left over goes to the others
		{60 * time.Second, 56 * time.Second, 1, 3, 10 * time.Second},
		{60 * time.Second, 90 * time.Second, 2, 3, 10 * time.Second},
		{0, time.Second, 1, 2, time.Millisecond},
	} {
		if got := fairShare(c.bound, c.elapsed, c.done, c.all); got != c.want {
			t.Errorf("%v of %v spent on %d of %d tables: got %v, want %v", c.elapsed, c.bound, c.done, c.all, got, c.want)
		}
	}
}
