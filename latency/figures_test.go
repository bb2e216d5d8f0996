package latency

import (
	"os"
	"testing"

	"nas/internal/statistics"
)

// With NAS_PROFILE=board.json it says how well shapes that are left out of each table
// are interpolated from the others: the figure that a user may ask of his own profile.
func TestLeaveOneShapeOutOfAProfile(t *testing.T) {
	path := os.Getenv("NAS_PROFILE")
	if path == "" {
		t.Skip("NAS_PROFILE names no profile")
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range f.Tables {
		misses, inside := leaveOut(predictor(t, table).fit.op)
		median := 100 * statistics.Median(misses)
		t.Logf("%s, %d threads, %v: %d ops, median error %.2f %%, 90th percentile %.1f %%, %d inside their interval",
			table.Level, table.Threads, table.Workload, len(misses), median, 100*statistics.Quantile(misses, 0.9), inside)
		if median > 10 {
			t.Errorf("median error %.1f %%", median)
		}
	}
}
