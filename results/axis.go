package results

import (
	"math"
	"slices"
)

// Axis is a range in a unit, logarithmic where it spans more than a factor of ten.
type Axis struct {
	Label    string
	Min, Max float64
	Log      bool
}

// Axes end here, so that their ranges and logarithms are finite.
const (
	axisLargest  = 1e300
	axisSmallest = 1e-300
)

// newAxis spans values, with room around them: by itself for positions, without for
// colours, which are never logarithmic.
func newAxis(label string, values []float64, room bool) Axis {
	a := Axis{Label: label, Min: 0, Max: 1}
	if len(values) == 0 {
		return a
	}
	a.Min, a.Max = max(slices.Min(values), -axisLargest), min(slices.Max(values), axisLargest)
	if a.Min >= a.Max {
		if a.Min, a.Max = a.Min-math.Abs(a.Min)/2, a.Min+math.Abs(a.Min)/2; a.Min >= a.Max {
			a.Min, a.Max = -1, 1
		}
	}
	if !room {
		return a
	}
	if a.Log = a.Min > axisSmallest && a.Max/10 > a.Min; a.Log {
		pad := math.Pow(10, (math.Log10(a.Max)-math.Log10(a.Min))*0.05)
		a.Min, a.Max = max(a.Min/pad, axisSmallest), min(a.Max*pad, axisLargest)
		return a
	}
	pad := (a.Max - a.Min) * 0.05
	a.Min, a.Max = a.Min-pad, a.Max+pad
	return a
}

// Ticks are round values within a, about four to eight: 1, 2 and 5 times powers of
// ten where a is logarithmic.
func (a Axis) Ticks() (at []float64) {
	if !a.Log {
		step := math.Pow(10, math.Floor(math.Log10((a.Max-a.Min)/4)))
		for _, s := range []float64{5, 2, 1} {
			if (a.Max-a.Min)/(s*step) >= 4 {
				step *= s
				break
			}
		}
		first := math.Ceil(a.Min / step)
		for i := range 12 {
			if v := (first + float64(i)) * step; v <= a.Max {
				at = append(at, v)
			}
		}
		return at
	}
	low, high := math.Floor(math.Log10(a.Min)), math.Log10(a.Max)
	steps := []float64{1, 2, 5}
	if high-low > 4 {
		steps = steps[:1]
	}
	for e := low; e <= high; e += math.Ceil((high - low) / 10) {
		for _, s := range steps {
			if v := s * math.Pow(10, e); v >= a.Min && v <= a.Max {
				at = append(at, v)
			}
		}
	}
	return at
}
