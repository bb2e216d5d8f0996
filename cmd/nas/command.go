package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// group is a command that only holds others.
func group(use, short, long string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return c.Help()
		}}
}

// atMost refuses more than n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return bad(fmt.Errorf("surplus argument %.40q", args[n]), "%s --help shows what it takes", c.CommandPath())
		}
		return nil
	}
}

// exactly refuses any other number of arguments than n; what says what they are.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < n {
			return bad(fmt.Errorf("an argument is missing: %s", what), "%s --help shows what it takes", c.CommandPath())
		}
		return atMost(n)(c, args)
	}
}

// some asks for at least one architecture.
func some(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return bad(errMissing("an architecture"), "%s --help shows examples; a reference model will do: %s BERT-mini", c.CommandPath(), c.CommandPath())
	}
	return nil
}
