// Package latency says how long a model takes on a device. Measure times every op
// of a space on this machine into a Table; a Predictor adds the entries of an
// architecture's program up and says how sure it is.
//
// Shared machines run every op at two speeds, 1.25 to 1.6 apart. So an Entry has
// two figures: the floor, the op's time undisturbed, and the median, what the
// machine gave. Predictions are sums of floors.
package latency
