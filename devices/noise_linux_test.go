package devices

import "testing"

func TestNoiseFiles(t *testing.T) {
	if got := pressure("some avg10=0.10 avg60=0.00 avg300=0.00 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n"); got != 1234 {
		t.Errorf("pressure %d", got)
	}
	if got := pressure(""); got != -1 {
		t.Errorf("no pressure: %d", got)
	}
	if stolen, all := steal("cpu  10 20 30 40 50 60 70 80 90 0\ncpu0 1 2\n"); stolen != 80 || all != 360 {
		t.Errorf("steal %d of %d", stolen, all)
	}
	if stolen, _ := steal("cpu 1 2 x\n"); stolen != -1 {
		t.Errorf("no steal: %d", stolen)
	}
	if v, ok := field("nr_periods 5\nthrottled_usec 77\n", "throttled_usec"); !ok || v != 77 {
		t.Errorf("field %d", v)
	}
	if _, ok := field("throttled_usec x\n", "throttled_usec"); ok {
		t.Error("x is a number")
	}
}
