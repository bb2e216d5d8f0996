// Package kernels holds the int8 and float32 kernels that a transformer runs, on
// flat slices. They allocate nothing and keep no state.
//
// Plain Go (generic.go) is the definition. A level may replace a primitive; its
// int32 sums equal the definition's bit for bit, and so do its float32 results.
//
//	primitive          generic      avx2, avx512vnni                  dotprod
//	int8 product       generic.go   product_*_amd64.s (generated)     product_arm64.s (generated)
//	quantise a row     generic.go   quantise_*_amd64.s (generated)    quantise_arm64.s (generated)
//	dequantise a row   generic.go   dequant_*_amd64.s (generated)     dequant_arm64.s (generated)
//
// On top of them, for all levels: linear.go (linear layers and gated feed-forward),
// attention.go, norm.go, embed.go, rope.go. layout.go is the packed int8 layout,
// cpu.go the one place that reads the CPU's features, _gen the generators.
//
// Letters: M rows, N columns, K depth of a product.
package kernels

// Version is raised whenever a kernel's time may have changed. A latency table
// carries it.
const Version = 1
