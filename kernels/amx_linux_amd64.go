package kernels

import "syscall"

// allowAMX asks the kernel for the tiles' state on behalf of this process and all
// its threads (Documentation/arch/x86/xstate.rst).
func allowAMX() bool {
	const requestPermission, tileData = 0x1023, 18
	_, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return errno == 0
}
