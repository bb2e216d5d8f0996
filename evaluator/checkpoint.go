package evaluator

import "time"

// rhythm spaces the checkpoints of a training, so that a kill costs seconds and
// saving next to nothing.
type rhythm struct {
	last time.Time
	cost time.Duration
}

const (
	saveEvery = time.Second
	saveShare = 50 // times as long as a checkpoint took, at least, until the next
)

func newRhythm() *rhythm { return &rhythm{last: time.Now()} }

// save calls do where a checkpoint is due, or at the end.
func (r *rhythm) save(end bool, do func() error) error {
	if !end && time.Since(r.last) < max(saveEvery, saveShare*r.cost) {
		return nil
	}
	begin := time.Now()
	err := do()
	r.last, r.cost = time.Now(), time.Since(begin)
	return err
}
