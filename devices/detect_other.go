//go:build !linux

package devices

import "errors"

func (p *Profile) system() {}

// Pin keeps the calling thread on one processor; this system offers no way.
func Pin() (restore func(), err error) {
	return nil, errors.New("devices: threads cannot be pinned on this system")
}
