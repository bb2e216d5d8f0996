//go:build amd64 || arm64

package kernels

// prefetch asks for the lines of n bytes.
//
//go:noescape
func prefetch(x *int8, n int)
