//go:build amd64 && !linux

package kernels

// allowAMX: only Linux is known to hand out the tiles' state.
func allowAMX() bool { return false }
