package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// Every flag of a command that sorts them stands under exactly one heading.
func TestHeadings(t *testing.T) {
	a := &app{}
	sorted := 0
	for _, c := range a.command().Commands() {
		n := 0
		c.LocalFlags().VisitAll(func(*pflag.Flag) { n++ })
		if n <= manyFlags {
			continue
		}
		sorted++
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			found := 0
			for _, h := range headings {
				if slices.Contains(h.flags, f.Name) {
					found++
				}
			}
			if found != 1 && f.Name != "help" {
				t.Errorf("nas %s --%s stands under %d headings", c.Name(), f.Name, found)
			}
		})
	}
	if sorted == 0 {
		t.Error("no command has many flags")
	}
}
