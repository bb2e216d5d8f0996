package evaluator

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"nas/internal/statistics"
	"nas/space"
)

// Surrogate predicts scores from those of other architectures: a Gaussian process
// over features of shapes (Rasmussen & Williams 2006, chapter 2), its kernel a
// linear one for the law of size and a squared exponential for what bends it. It is
// immutable.
type Surrogate struct {
	centre, scale []float64 // of features
	mean, spread  float64   // of scores
	points        [][]float64
	weights       []float64 // K⁻¹ y
	factor        mat.Cholesky
	kernel        kernel
}

// kernel is the covariance of standardised scores over standardised features.
type kernel struct {
	linear, bend float64 // variances
	length       float64 // of the squared exponential, in deviations a feature
	noise        float64 // variance of one score
}

func (k kernel) of(x, y []float64) float64 {
	var dot, square float64
	for i, v := range x {
		dot += v * y[i]
		square += (v - y[i]) * (v - y[i])
	}
	d := float64(len(x))
	return k.linear*(1+dot/d) + k.bend*math.Exp(-square/(2*d*k.length*k.length))
}

// minKnown is the fewest scores that a Surrogate is fitted to.
const minKnown = 8

// FitSurrogate fits to known scores, at least 8 of them. The kernel is the one of a
// grid under which they are most likely. It takes some 300 len(scores)³ steps.
func FitSurrogate(archs []space.Arch, scores []float64) (*Surrogate, error) {
	if len(archs) != len(scores) || len(scores) < minKnown {
		return nil, errors.New("evaluator: surrogate: at least 8 known scores are needed")
	}
	s := &Surrogate{}
	for _, a := range archs {
		s.points = append(s.points, features(a))
	}
	s.standardise()
	y := make([]float64, len(scores))
	s.mean, s.spread = centreAndScale(scores)
	for i, v := range scores {
		y[i] = (v - s.mean) / s.spread
	}
	best := math.Inf(-1)
	for _, k := range grid() {
		factor, weights, likelihood, ok := s.solve(k, y)
		if ok && likelihood > best {
			best, s.kernel, s.factor, s.weights = likelihood, k, factor, weights
		}
	}
	if math.IsInf(best, -1) || math.IsNaN(best) {
		return nil, errors.New("evaluator: surrogate: the known scores have no likelihood; are they finite?")
	}
	return s, nil
}

// grid are the kernels that are tried.
func grid() (list []kernel) {
	for _, linear := range []float64{0.3, 3} {
		for _, bend := range []float64{0.03, 0.3, 3} {
			for _, length := range []float64{0.5, 1, 2} {
				for _, noise := range []float64{1e-4, 1e-3, 1e-2, 0.1, 0.5} {
					list = append(list, kernel{linear, bend, length, noise})
				}
			}
		}
	}
	return list
}

// solve is the fit under k: the factor of K, K⁻¹ y and the logarithm of the
// likelihood of y, less a constant.
func (s *Surrogate) solve(k kernel, y []float64) (factor mat.Cholesky, weights []float64, likelihood float64, ok bool) {
	n := len(y)
	covariance := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			covariance.SetSym(i, j, k.of(s.points[i], s.points[j]))
		}
		covariance.SetSym(i, i, covariance.At(i, i)+k.noise)
	}
	if !factor.Factorize(covariance) {
		return factor, nil, 0, false
	}
	w := mat.NewVecDense(n, nil)
	if factor.SolveVecTo(w, mat.NewVecDense(n, y)) != nil {
		return factor, nil, 0, false
	}
	weights = w.RawVector().Data
	return factor, weights, -mat.Dot(w, mat.NewVecDense(n, y))/2 - factor.LogDet()/2, true
}

// standardise gives every feature mean 0 and deviation 1 over the known points; one
// that does not vary becomes 0.
func (s *Surrogate) standardise() {
	d := len(s.points[0])
	s.centre, s.scale = make([]float64, d), make([]float64, d)
	column := make([]float64, len(s.points))
	for j := range d {
		for i, p := range s.points {
			column[i] = p[j]
		}
		s.centre[j], s.scale[j] = centreAndScale(column)
	}
	for _, p := range s.points {
		s.apply(p)
	}
}

func (s *Surrogate) apply(p []float64) {
	for j := range p {
		p[j] = (p[j] - s.centre[j]) / s.scale[j]
	}
}

// centreAndScale is mean and deviation, the latter 1 where there is next to none.
func centreAndScale(x []float64) (centre, scale float64) {
	centre = statistics.Mean(x)
	scale = statistics.StandardError(x) * math.Sqrt(float64(len(x)))
	if !(scale > 1e-9*(1+math.Abs(centre))) {
		scale = 1
	}
	return centre, scale
}

// Predict is the expected score of a and its standard deviation, the noise of a
// score of its own not included.
func (s *Surrogate) Predict(a space.Arch) (mean, deviation float64) {
	x := features(a)
	s.apply(x)
	n := len(s.points)
	covariance := make([]float64, n)
	for i, p := range s.points {
		covariance[i] = s.kernel.of(x, p)
		mean += covariance[i] * s.weights[i]
	}
	v := mat.NewVecDense(n, covariance)
	solved := mat.NewVecDense(n, nil)
	variance := s.kernel.of(x, x)
	if s.factor.SolveVecTo(solved, v) == nil {
		variance -= mat.Dot(v, solved)
	}
	return s.mean + s.spread*mean, s.spread * math.Sqrt(max(variance, 0))
}
