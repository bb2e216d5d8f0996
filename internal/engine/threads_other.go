//go:build !linux

package engine

import (
	"sync"
	"sync/atomic"
)

// cores is empty where threads cannot be bound.
type cores struct{}

func newCores(int) *cores { return nil }

func (*cores) join(int)     {}
func (*cores) avoidCaller() {}

// sleeping waits on a condition.
type sleeping struct {
	mutex   sync.Mutex
	changed *sync.Cond
}

// sleep returns when word is no longer old.
func (s *sleeping) sleep(word *atomic.Uint32, old uint32) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.changed == nil {
		s.changed = sync.NewCond(&s.mutex)
	}
	for word.Load() == old {
		s.changed.Wait()
	}
}

// wake wakes all who sleep on word, which has changed.
func (s *sleeping) wake(*atomic.Uint32) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.changed != nil {
		s.changed.Broadcast()
	}
}
