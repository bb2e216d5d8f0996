package nn

// Point of a learning curve.
type Point struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"` // mean of the steps since the last point, nats per token
}

// points are how many a learning curve has, at most.
const points = 20

// Curve is how the loss of a training came down, evenly spaced over its steps.
type Curve struct {
	Points []Point `json:"points,omitempty"`
	Sum    float64 `json:"sum,omitempty"` // of the losses since the last point
	Count  int     `json:"count,omitempty"`
}

// add takes the loss of a step, from 1, of as many.
func (c *Curve) add(step, steps int, loss float64) {
	c.Sum, c.Count = c.Sum+loss, c.Count+1
	if step*points/steps > (step-1)*points/steps {
		c.Points = append(c.Points, Point{step, c.Sum / float64(c.Count)})
		c.Sum, c.Count = 0, 0
	}
}

// valid reports whether c can be the curve of a training that did so many steps.
func (c *Curve) valid(done int) bool {
	last := 0
	for _, p := range c.Points {
		if p.Step <= last || !finite(p.Loss) {
			return false
		}
		last = p.Step
	}
	return len(c.Points) <= points && finite(c.Sum) && c.Count >= 0 && last+c.Count == done
}
