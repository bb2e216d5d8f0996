package devices

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestNoise(t *testing.T) {
	a := Noise()
	b := Noise()
	d := Between(a, b)
	if err := d.Validate(); err != nil || d.Hz < 1e7 || d.Seconds < 0 {
		t.Errorf("%+v: %v", d, err)
	}
}

// What disturbed is said, with what to do; a quiet machine is silent.
func TestAdvice(t *testing.T) {
	at := time.Unix(1000, 0)
	a := NoiseSample{At: at, CPUPressure: 0, Steal: 10, Ticks: 1000, Throttled: 0, Throttles: 0, MilliCelsius: -1, Hz: 2e9}
	b := NoiseSample{At: at.Add(10 * time.Second), CPUPressure: 5e6, Steal: 110, Ticks: 3000, Throttled: 2e6, Throttles: 3, Governor: "powersave", MilliCelsius: 71000, Hz: 1.5e9}
	d := Between(a, b)
	if d.Pressure != 0.5 || d.Steal != 0.05 || d.Throttled != 0.2 || d.Throttles != 3 || d.Celsius != 71 || d.HzDrift != -0.25 {
		t.Errorf("got %+v", d)
	}
	text := strings.Join(d.Advice(), "\n")
	for _, want := range []string{"waited for a CPU 50 %", "5.0 % of the CPU time", "20 % of the time: raise", "3 times: let it cool", "powersave", "-25 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	b = a
	b.At, b.Ticks = at.Add(time.Second), 1200
	if list := Between(a, b).Advice(); len(list) > 0 {
		t.Errorf("a quiet machine: %q", list)
	}
	c := NoiseSample{At: at.Add(40 * time.Second), CPUPressure: 5e6, Steal: 110, Ticks: 9000, Throttled: 2e6, Throttles: 4, Governor: "powersave", MilliCelsius: 60000, Hz: 1.8e9}
	slow := NoiseSample{At: at.Add(10 * time.Second), CPUPressure: 5e6, Steal: 110, Ticks: 3000, Throttled: 2e6, Throttles: 3, Governor: "powersave", MilliCelsius: 71000, Hz: 1.5e9}
	if got, want := Between(a, slow).Then(Between(slow, c)), Between(a, c); !near(got.Pressure, want.Pressure) || !near(got.Throttled, want.Throttled) ||
		!near(got.HzDrift, want.HzDrift) || got.Seconds != want.Seconds || got.Throttles != want.Throttles || got.Celsius != want.Celsius || got.Governor != want.Governor {
		t.Errorf("one after the other: %+v, at once: %+v", got, want)
	}
	if got, want := (Disturbance{}).Then(d), d; got != want {
		t.Errorf("after nothing: %+v, want %+v", got, want)
	}
	unknown := NoiseSample{At: at, CPUPressure: -1, Steal: -1, Throttled: -1, Throttles: -1, MilliCelsius: -1}
	if d := Between(unknown, unknown); len(d.Advice()) > 0 || d.Pressure != -1 || d.Steal != -1 || d.Validate() != nil {
		t.Errorf("unknown counts: %+v", d)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
