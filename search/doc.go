// Package search looks for the architectures of a space that nothing beats.
//
// Run evolves an unbounded archive of all non-dominated architectures found, which
// is also the mating pool. Additive is the problem whose objectives are sums over
// layers: an evaluation is some table lookups. Feasibility answers, before any
// search, whether the limits can be met.
package search
