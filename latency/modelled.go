package latency

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"time"

	"nas/devices"
	"nas/internal/statistics"
	"nas/internal/strictjson"
	"nas/space"
)

// Efficiency is which share of its roofline (Williams et al. 2009) a kernel level
// reaches, by class of op: measured in a table, and taken over to boards that nobody
// measured.
type Efficiency struct {
	Level   string             `json:"level"`
	From    string             `json:"from"`    // the device that was measured
	Kernels int                `json:"kernels"` // version of the kernels that were measured
	Share   map[string]float64 `json:"share"`
}

var classNames = [classes]string{"embed", "norm", "vector product", "kvstore", "attention", "matrix product", "vocabulary product"}

//go:embed efficiency.json
var efficiencyFile []byte

// efficiencies are the embedded measurements.
func efficiencies() []Efficiency {
	var file struct {
		Efficiencies []Efficiency `json:"efficiencies"`
	}
	if err := strictjson.Decode(efficiencyFile, &file); err != nil {
		panic(fmt.Sprintf("latency: efficiency.json:%v", err)) // embedded: a test holds it
	}
	return file.Efficiencies
}

// efficiencyFor is that of a level; the levels of other architectures were not
// measured by us and take after AVX2, whose kernels have the same structure.
func efficiencyFor(level string) Efficiency {
	list := efficiencies()
	for _, want := range []string{level, "avx2"} {
		if i := slices.IndexFunc(list, func(e Efficiency) bool { return e.Level == want }); i >= 0 {
			return list[i]
		}
	}
	return list[0]
}

// efficiencyOf names what has one efficiency: a class, apart where it has few rows and
// most of its time is spent on other things than arithmetic.
func efficiencyOf(o space.Op) string {
	name := classNames[classOf(o)]
	if o.Kind != space.Linear && o.Rows <= 8 {
		name += " of few rows"
	}
	return name
}

// share is e's for o, or that of the same with many rows where none was measured.
func (e Efficiency) share(o space.Op) float64 {
	if v := e.Share[efficiencyOf(o)]; v > 0 {
		return v
	}
	o.Rows = 128
	return e.Share[efficiencyOf(o)]
}

// floats is how many float32 operations o has besides its integer products.
func floats(o space.Op) float64 {
	rows := float64(o.Rows) * float64(max(o.Batch, 1))
	switch o.Kind {
	case space.Embed:
		return 2 * rows * float64(o.N*o.Tables)
	case space.Norm:
		return 5 * rows * float64(o.N)
	case space.KVStore:
		return 4 * rows * float64(o.Heads+2*o.KVHeads) * float64(o.HeadWidth)
	case space.Attention:
		return rows * float64(o.Heads) * (10*float64(o.Context) + 4*float64(o.HeadWidth))
	}
	perOutput := 2.0
	if o.Activation != space.Identity {
		perOutput = 12
	}
	return rows * (3*float64(o.K) + perOutput*float64(o.N))
}

// Of its bandwidth one core reaches a part: half of the memory's, and no more than
// eight bytes a cycle.
const (
	coreShare     = 0.5
	bytesPerCycle = 8
	cacheBytes    = 32 // a cycle, from a second-level cache
)

// roofline is the least time in ns that o can take on one core of b: its arithmetic,
// or the way of its weights from the second-level cache.
func roofline(o space.Op, b devices.Board) float64 {
	cycles := float64(o.MACs())/b.MACsPerCycle + floats(o)/b.Lanes
	return max(cycles, weightBytes(o)/cacheBytes) / b.ClockHz * 1e9
}

// fetch is the time in ns that o's weights take from b's memory.
func fetch(o space.Op, b devices.Board) float64 {
	return weightBytes(o) / min(coreShare*b.BandwidthBytes, bytesPerCycle*b.ClockHz) * 1e9
}

func weightBytes(o space.Op) float64 {
	switch o.Kind {
	case space.Linear:
		return float64(space.MatrixBytes(o.N, o.K, o.Bias))
	case space.Attention:
		return float64(max(o.Batch, 1)) * float64(o.KVHeads) * float64(space.KVBytes(o.HeadWidth, o.Context))
	}
	return 0
}

const (
	modelledSpread = 0.7 // logarithm of the factor that a modelled interval reaches both ways, two: assumed, checked on no board
	stepCost       = 150 // ns a step costs whatever it does
	threadLoss     = 0.1 // share of the work that threads cannot share
)

// Modelled is a table for a board that nobody measured: for each op its roofline by
// the efficiency of its kernel level, for models within the last cache and beyond.
func Modelled(b devices.Board, w space.Workload, threads int, ops []space.Op) *Table {
	e := efficiencyFor(b.Level)
	profile := b.Profile()
	t := &Table{Conditions: Conditions{Device: profile.ID(), Level: b.Level, Threads: threads, Workload: w}, Date: time.Time{}.Format(time.RFC3339), Spread: modelledSpread}
	shared := threadLoss + (1-threadLoss)/float64(threads)
	if threads == 1 {
		shared = 1
	}
	// Twice on either side of where the last cache ends, so that the step is there.
	cache := max(float64(b.CacheAll()), firstKnot)
	for _, bytes := range []float64{0, 0.9 * cache, 1.5 * cache, 4 * cache} {
		for _, o := range ops {
			ns := roofline(o, b) / e.share(o)
			if bytes > cache {
				ns = max(ns, fetch(o, b))
			}
			t.Models = append(t.Models, Model{Bytes: int(bytes), Ops: []OpEntry{{o, 1, exactly(stepCost + ns*shared)}}})
		}
	}
	t.Reference = exactly(1)
	return t
}

// exactly is the entry of a time that was not measured in rounds.
func exactly(ns float64) Entry {
	return Entry{Floor: ns, Median: ns, Low: ns, High: ns, Rounds: quorumRounds, Reached: quorumRounds, Samples: quorumRounds}
}

// Calibration is how measured ops moved a modelled table.
type Calibration struct {
	Ops       int     // measured
	Before    float64 // median error of the modelled times, per cent
	Remaining float64 // median error of each op predicted from the others, per cent
	Worst     float64 // and the largest
}

// LeastCalibration is how many measured ops a calibration needs.
const LeastCalibration = 10

// Calibrate moves a modelled table onto measured times of some of its ops, in ns: each
// class by its own median ratio where it has three measured ops or more, else by that
// of all.
func Calibrate(t *Table, measured map[space.Op]float64) (*Table, Calibration, error) {
	p, err := NewPredictor(t)
	if err != nil {
		return nil, Calibration{}, err
	}
	if len(measured) < LeastCalibration {
		return nil, Calibration{}, fmt.Errorf("latency: %d measured ops; a calibration needs %d", len(measured), LeastCalibration)
	}
	ops := make([]space.Op, 0, len(measured))
	for o := range measured {
		ops = append(ops, o)
	}
	space.SortOps(ops)
	first := p.regime(0)
	ratio := func(o space.Op) float64 {
		ns, _ := p.op(o, first)
		return math.Log(measured[o] / ns)
	}
	shift := func(left space.Op, c class) float64 {
		var own, all []float64
		for _, o := range ops {
			if o == left {
				continue
			}
			all = append(all, ratio(o))
			if classOf(o) == c {
				own = append(own, ratio(o))
			}
		}
		if len(own) >= 3 {
			return statistics.Median(own)
		}
		return statistics.Median(all)
	}
	cal := Calibration{Ops: len(ops)}
	var before, after []float64
	for _, o := range ops {
		before = append(before, 100*math.Abs(math.Expm1(-ratio(o))))
		after = append(after, 100*math.Abs(math.Expm1(shift(o, classOf(o))-ratio(o))))
	}
	cal.Before, cal.Remaining, cal.Worst = statistics.Median(before), statistics.Median(after), slices.Max(after)
	c := *t
	c.Models = nil
	for _, m := range t.Models {
		o := m.Ops[0]
		ns := o.Floor * math.Exp(shift(space.Op{}, classOf(o.Op)))
		if v, ok := measured[o.Op]; ok && m.Bytes == 0 {
			ns = v
		}
		c.Models = append(c.Models, Model{Bytes: m.Bytes, Ops: []OpEntry{{o.Op, 1, exactly(ns)}}})
	}
	c.Spread = min(max(math.Log1p(statistics.Quantile(after, 0.9)/100), betweenRuns), modelledSpread)
	return &c, cal, nil
}
