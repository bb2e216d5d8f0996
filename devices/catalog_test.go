package devices

import "testing"

func TestBoards(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Boards() {
		if seen[b.ID] || len(b.Sources) < 2 || b.Cores < 1 || !(b.ClockHz > 5e8) || !(b.MACsPerCycle >= 1) || !(b.Lanes >= 1) || !(b.BandwidthBytes > 1e9) || b.CacheAll() < 1<<18 {
			t.Errorf("%+v", b)
		}
		seen[b.ID] = true
		if err := b.Profile().Validate(); err != nil {
			t.Errorf("%s: %v", b.ID, err)
		}
		if found, ok := FindBoard(b.ID); !ok || found.Name != b.Name {
			t.Errorf("%s is not found", b.ID)
		}
	}
	if len(seen) < 9 {
		t.Errorf("%d boards", len(seen))
	}
}
