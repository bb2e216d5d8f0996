//go:build !linux

package devices

import "time"

// Noise looks at what the system counts; here only the clock is known.
func Noise() NoiseSample {
	return NoiseSample{At: time.Now(), CPUPressure: -1, Steal: -1, Throttled: -1, Throttles: -1, MilliCelsius: -1, Hz: Clock()}
}
