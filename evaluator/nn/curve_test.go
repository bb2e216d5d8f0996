package nn

import (
	"math"
	"testing"
)

func TestCurve(t *testing.T) {
	var c Curve
	for step := 1; step <= 50; step++ {
		c.add(step, 50, float64(step))
		if !c.valid(step) || c.valid(step+1) {
			t.Fatalf("after step %d: %+v", step, c)
		}
	}
	// 20 points over 50 steps: they end at every 2.5th step.
	if len(c.Points) != 20 || c.Points[0] != (Point{3, 2}) || c.Points[1] != (Point{5, 4.5}) || c.Points[19] != (Point{50, 49.5}) {
		t.Errorf("%v", c.Points)
	}
	for name, bad := range map[string]Curve{
		"order": {Points: []Point{{3, 1}, {2, 1}}, Count: 1}, "nan": {Points: []Point{{3, math.NaN()}}},
		"count": {Count: -1, Points: []Point{{4, 1}}}, "many": {Points: rising(maxPoints + 1)},
	} {
		if last := bad.Points[len(bad.Points)-1].Step; bad.valid(last + bad.Count) {
			t.Errorf("%s: %+v is valid", name, bad)
		}
	}
}

func rising(n int) (list []Point) {
	for i := range n {
		list = append(list, Point{Step: i + 1})
	}
	return list
}
