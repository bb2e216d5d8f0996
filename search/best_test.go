package search

import (
	"slices"
	"testing"
)

// The best half of a front holds its ends and none that another beats.
func TestBest(t *testing.T) {
	objectives := []Objective{{Name: Score, Maximise: true}, {Name: Memory}}
	points := [][]float64{{1, 1}, {0.9, 5}, {2, 2}, {1.5, 4}, {3, 8}, {2.9, 9}, {0, 0.5}}
	for n, want := range map[int][]int{0: nil, 1: {2}, 4: {0, 2, 4, 6}, 9: {0, 1, 2, 3, 4, 5, 6}} {
		got := Best(points, objectives, n)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("the best %d are %v, want %v", n, got, want)
		}
	}
	if got := Best([][]float64{{1, 1}, {1, 1}, {1, 1}}, objectives, 2); len(got) != 2 {
		t.Errorf("of three alike %v", got)
	}
	if got := Best(nil, objectives, 2); got != nil {
		t.Errorf("of none %v", got)
	}
}
