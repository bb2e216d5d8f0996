package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"nas/space"
)

func (a *app) spaceCommand() *cobra.Command {
	c := group("space", "Check, show, size and sample search spaces", `A search space is a YAML file that gives the choices of each gene. Built in are
`+strings.Join(space.Names(), ", ")+`.

  nas space show encoder-compact > my.yaml    start from a built-in space
  nas space check my.yaml                     say what is wrong, with line and column
  nas space size my.yaml                      count its architectures, exactly
  nas space sample my.yaml --count 3          draw some`)
	one := func(use, short string, do func(name string) error) {
		c.AddCommand(&cobra.Command{Use: use + " NAME|FILE", Short: short, Args: exactly(1, "a space: "+strings.Join(space.Names(), ", ")+" or a YAML file"),
			RunE: func(_ *cobra.Command, args []string) error { return do(args[0]) }})
	}
	one("check", "Check a space file; all faults are listed", a.checkSpace)
	one("show", "Print a space's YAML", a.showSpace)
	one("size", "Print the exact number of architectures", func(name string) error {
		s, err := loadSpace(name)
		if err == nil {
			fmt.Fprintln(a.out, s.Size())
		}
		return err
	})
	c.AddCommand(a.sampleCommand())
	return c
}

func (a *app) checkSpace(name string) error {
	s, err := loadSpace(name)
	var file *space.FileError
	if errors.As(err, &file) {
		for _, f := range file.Faults[1:] {
			a.phase("also: %v", f)
		}
	}
	if err != nil {
		return err
	}
	ops, err := s.Ops(s.Workload)
	if err != nil {
		return bad(err, "fewer choices for heads, head_width, kv_heads or ffn keep the number of ops small")
	}
	fmt.Fprintf(a.out, "%s: %v space, %s architectures, %d distinct ops to measure, %v\n", s.Name, s.Model.Family, s.Size(), len(ops), s.Workload)
	return nil
}

func (a *app) showSpace(name string) error {
	data, err := space.Source(name)
	if err == nil {
		_, err = space.Parse(name, data)
	}
	if err != nil {
		return spaceFault(name, err)
	}
	_, err = a.out.Write(data)
	return err
}

func (a *app) sampleCommand() *cobra.Command {
	n, seed := 1, uint64(1)
	c := &cobra.Command{Use: "sample NAME|FILE", Short: "Draw architectures at random, one JSON object a line", Args: exactly(1, "a space"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := loadSpace(args[0])
			if err != nil {
				return err
			}
			if n < 1 {
				return bad(fmt.Errorf("--count %d is below one", n), "give a number of at least 1")
			}
			r := rand.New(rand.NewPCG(seed, 0))
			encoder := json.NewEncoder(a.out)
			for range n {
				if err := encoder.Encode(s.Arch(s.Sample(r))); err != nil {
					return err
				}
			}
			return nil
		}}
	c.Flags().IntVarP(&n, "count", "n", n, "how many")
	c.Flags().Uint64Var(&seed, "seed", seed, "equal seeds draw equal architectures")
	return c
}

// loadSpace is space.Load with hints.
func loadSpace(name string) (*space.Space, error) {
	s, err := space.Load(name)
	if err != nil {
		return nil, spaceFault(name, err)
	}
	return s, nil
}

func spaceFault(name string, err error) error {
	var file *space.FileError
	switch {
	case errors.As(err, &file):
		return bad(err, "nas space check %s lists every fault; nas space show encoder-compact prints a good file", name)
	case errors.Is(err, fs.ErrNotExist):
		return bad(err, "built-in spaces are %s; a path has a dot or a slash in it", strings.Join(space.Names(), ", "))
	}
	return bad(err, "nas search --space %s uses a built-in space; --space ./my.yaml a file", space.Names()[0])
}
