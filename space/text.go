package space

import (
	"fmt"
	"strings"
)

// The text form of every enumeration is its name, in JSON and in space files.

func (f Family) MarshalText() ([]byte, error)       { return []byte(f.String()), nil }
func (n NormKind) MarshalText() ([]byte, error)     { return []byte(n.String()), nil }
func (p PositionKind) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
func (h HeadKind) MarshalText() ([]byte, error)     { return []byte(h.String()), nil }
func (a Activation) MarshalText() ([]byte, error)   { return []byte(a.String()), nil }
func (p Phase) MarshalText() ([]byte, error)        { return []byte(p.String()), nil }

func (f *Family) UnmarshalText(b []byte) error       { return parse(f, "family", familyNames, b) }
func (n *NormKind) UnmarshalText(b []byte) error     { return parse(n, "norm", normNames, b) }
func (p *PositionKind) UnmarshalText(b []byte) error { return parse(p, "position", positionNames, b) }
func (h *HeadKind) UnmarshalText(b []byte) error     { return parse(h, "head", headNames, b) }
func (a *Activation) UnmarshalText(b []byte) error {
	return parse(a, "activation", activationNames, b)
}
func (p *Phase) UnmarshalText(b []byte) error { return parse(p, "phase", phaseNames, b) }

func parse[T ~uint8](dst *T, what string, names []string, text []byte) error {
	i, ok := index(names, string(text))
	if !ok {
		return fmt.Errorf("unknown %s %.20q: one of %s", what, text, strings.Join(names, ", "))
	}
	*dst = T(i)
	return nil
}
