package devices

import (
	"fmt"
	"sync/atomic"
	"time"
)

// NoiseSample is what the system counts of what disturbs timings, at one moment.
// Counts rise from the start of the system; -1 is unknown.
type NoiseSample struct {
	At           time.Time
	Load         float64 // processes ready to run, mean of the last minute
	CPUPressure  int64   // µs in which some process waited for a CPU
	Steal        int64   // ticks of 10 ms that the hypervisor gave to others
	Ticks        int64   // of all CPUs together
	Throttled    int64   // µs in which the cgroup's quota held the process up
	Throttles    int64   // times that heat slowed the core down
	Governor     string  // of the clock
	MilliCelsius int64   // the warmest sensor
	Hz           float64 // by a chain of dependent additions, one a cycle; 0: unknown
}

// Disturbance is what happened between two samples. Unknown numbers are -1.
type Disturbance struct {
	Seconds   float64 `json:"seconds"`
	Load      float64 `json:"load"`
	Pressure  float64 `json:"cpu_pressure"` // share of the time in which some process waited for a CPU
	Steal     float64 `json:"steal"`        // share of the CPUs' time that the hypervisor gave to others
	Throttled float64 `json:"throttled"`    // share of the time in which the cgroup's quota held the process up
	Throttles int64   `json:"throttles"`    // times that heat slowed the core down
	Governor  string  `json:"governor,omitempty"`
	Celsius   float64 `json:"celsius"`
	Hz        float64 `json:"hz"`       // at the end
	HzDrift   float64 `json:"hz_drift"` // end / start - 1
}

// Between is what happened from a to b.
func Between(a, b NoiseSample) Disturbance {
	d := Disturbance{Seconds: b.At.Sub(a.At).Seconds(), Load: b.Load, Pressure: -1, Steal: -1, Throttled: -1, Throttles: -1,
		Governor: b.Governor, Celsius: -1, Hz: b.Hz}
	share := func(x, y, of int64) float64 {
		if x < 0 || y < x || of <= 0 {
			return -1
		}
		return min(float64(y-x)/float64(of), 1)
	}
	us := b.At.Sub(a.At).Microseconds()
	d.Pressure, d.Throttled = share(a.CPUPressure, b.CPUPressure, us), share(a.Throttled, b.Throttled, us)
	d.Steal = share(a.Steal, b.Steal, b.Ticks-a.Ticks)
	if a.Throttles >= 0 && b.Throttles >= a.Throttles {
		d.Throttles = b.Throttles - a.Throttles
	}
	if b.MilliCelsius >= 0 {
		d.Celsius = float64(b.MilliCelsius) / 1000
	}
	if a.Hz > 0 && b.Hz > 0 {
		d.HzDrift = b.Hz/a.Hz - 1
	}
	return d
}

// Then is what happened during d and, later, during e; a d of no time is none.
func (d Disturbance) Then(e Disturbance) Disturbance {
	if d.Seconds <= 0 {
		return e
	}
	both := e
	both.Seconds = d.Seconds + e.Seconds
	for _, share := range []struct{ to, first, second *float64 }{{&both.Pressure, &d.Pressure, &e.Pressure}, {&both.Steal, &d.Steal, &e.Steal}, {&both.Throttled, &d.Throttled, &e.Throttled}} {
		switch x, y := *share.first, *share.second; {
		case y < 0:
			*share.to = x
		case x >= 0:
			*share.to = (x*d.Seconds + y*e.Seconds) / both.Seconds
		}
	}
	if d.Throttles > 0 {
		both.Throttles = d.Throttles + max(e.Throttles, 0)
	}
	if d.Hz > 0 && e.Hz > 0 {
		both.HzDrift = e.Hz/d.Hz*(1+d.HzDrift) - 1
	}
	return both
}

// Advice says in words what disturbed the timings and what to do; nothing where
// nothing did.
func (d Disturbance) Advice() []string {
	var list []string
	add := func(when bool, format string, args ...any) {
		if when {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	add(d.Pressure > 0.05, "other processes waited for a CPU %.0f %% of the time: stop them, or measure when they are done", 100*d.Pressure)
	add(d.Steal > 0.01, "the hypervisor gave %.1f %% of the CPU time to other guests: measure again at a quieter hour, or on a dedicated machine", 100*d.Steal)
	add(d.Throttled > 0.01, "the cgroup's CPU quota stopped the process %.0f %% of the time: raise the quota to the number of threads at least", 100*d.Throttled)
	add(d.Throttles > 0, "heat slowed the CPU down %d times: let it cool, and cool it better", d.Throttles)
	add(d.Governor != "" && d.Governor != "performance", "the clock's governor is %q: set it to performance for steady figures", d.Governor)
	add(d.HzDrift > 0.15 || d.HzDrift < -0.15, "the clock changed by %+.0f %% meanwhile", 100*d.HzDrift)
	return list
}

// Validate reports what of a disturbance that was read cannot be.
func (d Disturbance) Validate() error {
	for _, v := range []float64{d.Seconds, d.Load, d.Pressure, d.Steal, d.Throttled, d.Celsius, d.Hz, d.HzDrift} {
		if !(v >= -300 && v <= 1e15) {
			return fmt.Errorf("devices: a measure of disturbance is %v", v)
		}
	}
	if !Printable(d.Governor) {
		return fmt.Errorf("devices: the governor's name %.20q", d.Governor)
	}
	return nil
}

// Clock counts dependent additions a second, one a cycle on the CPUs that nas has
// kernels for: the best of three runs of some 25 µs, so that a preemption does not
// count. Other work on the same physical core hardly moves it.
func Clock() float64 {
	const n = 12500
	best := 0.0
	for range 3 {
		start := time.Now()
		sink.Store(chain(n, sink.Load()))
		if took := time.Since(start).Seconds(); took > 0 {
			best = max(best, n*chained/took)
		}
	}
	return best
}

// sink keeps the compiler from dropping chain.
var sink atomic.Uint64

const chained = 8 // additions a turn of chain

// chain adds so that each addition waits for the one before.
//
//go:noinline
func chain(n int, x uint64) uint64 {
	y := x | 1
	for range n {
		x += y
		y += x
		x += y
		y += x
		x += y
		y += x
		x += y
		y += x
	}
	return x
}
