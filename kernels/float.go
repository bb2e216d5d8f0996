package kernels

// Exp2 replaces x by 2^(x-top) and returns the sum; relative error below 3.2e-6.
func (s *Set) Exp2(x []float32, top float32) (sum float32) { return s.exp(x, top) }

// Maximum is the largest of x, which is not empty.
func (s *Set) Maximum(x []float32) float32 { return s.maximum(x) }
