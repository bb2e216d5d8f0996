// Package space says what can be built: a Space of transformer architectures
// (from a YAML file), an Arch as a value, and the Program that an Arch becomes
// on a device.
//
// Lower is the only place that knows what a transformer is made of. Everything
// else reads its Program: latency sums its ops, PlanMemory places its buffers,
// the engine executes its steps.
//
// Letters used for sizes throughout: B batch, T tokens of a sequence, V
// vocabulary, E embedding width, C hidden width, H heads, D head width, F
// feed-forward width; a product is M rows by N columns over depth K.
package space
