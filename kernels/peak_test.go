//go:build !amd64

package kernels

func peakKernel(Level) (run func(rounds int), ops int) { return nil, 0 }

func peakFloat(Level) (run func(rounds int), flops int) { return nil, 0 }
