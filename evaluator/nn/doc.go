// Package nn trains transformers: forward and backward of just the layers that
// search spaces have, written by hand on flat slices, on the float32 product of
// package kernels, and AdamW.
//
// A Model holds the parameters of one architecture. A Net is an architecture no
// larger in anything, as a slice of them: its matrices are the first rows and
// columns of the Model's, so that it trains inside it without a copy.
//
// Everything is generic over float32, which trains, and float64, in which the same
// code has its gradients checked. Results do not depend on the number of threads.
//
// Letters, as in all layers' first lines:
//
//	B sequences, T tokens of one, M = B*T rows
//	V vocabulary, E embedding width, C hidden width, F feed-forward width
//	H query heads, G key-value heads, D head width
//	dX is the gradient of the loss by X; backward adds to gradients of parameters
package nn

// Float is what is computed in.
type Float interface{ float32 | float64 }

// Epsilon is what norms add to a variance.
const Epsilon = 1e-5

// RotaryBase is the base of the rotary frequencies (Su et al. 2021, section 3.3).
const RotaryBase = 10000
