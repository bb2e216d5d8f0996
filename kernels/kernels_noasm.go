//go:build !amd64 && !arm64

package kernels

func archLevels() []Level { return nil }

func archPrimitives(Level, *primitives) {}
