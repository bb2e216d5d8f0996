package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// example is a command line in an indented line of a text; pipes and words at its side
// end it.
var example = regexp.MustCompile(`(?m)^ +(?:ssh \S+ )?(?:.*[|&] )?(?:\./|go run \./cmd/)?(nas [^#|>\n…]*)`)

// lines are the command lines that text shows.
func lines(text string) (list []string) {
	for _, m := range example.FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(strings.TrimSpace(m[1]), "  ")
		list = append(list, strings.TrimSpace(line))
	}
	return list
}

// What the help and the README show can be typed: commands and flags exist, and their
// values are of the right kind.
func TestExamplesParse(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	try := func(where, line string) {
		seen[line] = true
		args, err := words(line)
		if err != nil {
			t.Errorf("%s: %q: %v", where, line, err)
			return
		}
		root := (&app{}).command()
		c, rest, err := root.Find(args[1:])
		if err != nil || c == root {
			t.Errorf("%s: %q: no such command", where, line)
			return
		}
		if err := c.ParseFlags(rest); err != nil {
			t.Errorf("%s: %q: %v", where, line, err)
			return
		}
		if err := c.ValidateArgs(c.Flags().Args()); err != nil {
			t.Errorf("%s: %q: %v", where, line, err)
		}
	}
	for _, line := range lines(string(readme)) {
		try("README.md", line)
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, line := range lines(c.Long) {
			try(c.CommandPath()+" --help", line)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{}).command())
	if len(seen) < 50 {
		t.Errorf("%d examples found", len(seen))
	}
}
