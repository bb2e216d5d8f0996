// Command nas finds compact transformer architectures for a memory budget and a
// device, from int8 kernels measured on that device.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Version of the command, recorded in everything it writes.
const Version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() {
		time.Sleep(patience)
		stop()
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// patience is how long after a signal the next one is ignored: some programs send it
// twice. Later it ends the process at once.
const patience = time.Second

// run is the whole command as a function of its arguments and streams. It returns
// the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	to := &sink{w: out}
	a := &app{in: in, out: to, width: width(out), talk: talk{w: errs, width: width(errs)}}
	if os.Getenv("TERM") == "dumb" { // it cannot redraw a line
		a.talk.width = 0
	}
	root := a.command()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(to)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	a.clear()
	if to.err != nil && (err == nil || errors.Is(err, to.err)) {
		err = failed(to.err, "what was written is not whole; -o FILE writes to a file")
	}
	return a.report(err)
}

// sink passes results on until one cannot be written.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(data []byte) (n int, err error) {
	if s.err == nil {
		n, s.err = s.w.Write(data)
	}
	return n, s.err
}

// app is what every subcommand has at hand.
type app struct {
	talk
	in    io.Reader
	out   io.Writer
	width int // of out if it is a terminal, else 0
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "nas",
		Short: "Find compact transformers for a memory budget and a device",
		Long: `nas measures int8 transformer kernels on this machine, adds the measurements up
into the latency of any architecture of a search space, and searches for the
architectures that nothing beats under your budget.

  nas search --memory 8MiB                      the Pareto front for this machine
  nas profile -o board.json                     measure a device (run it there)
  nas search --memory 8MiB --device board.json  the front for that device

Results go to standard output, as does what a disk has no room for; talk goes to standard
error. Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 stopped early, with what
was found kept. Ctrl-C stops; a second one, later than a second, ends at once.`,
		Version:           Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return c.Help()
		},
	}
	root.SetVersionTemplate("nas {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return bad(errors.New(number.ReplaceAllString(err.Error(), "$1 is no number that fits")), "%s --help shows the flags and examples", c.CommandPath())
	})
	root.SetUsageFunc(usage(root.UsageFunc()))
	root.AddCommand(
		a.searchCommand(),
		a.profileCommand(),
		a.devicesCommand(),
		a.predictCommand(),
		a.measureCommand(),
		a.validateCommand(),
		a.evaluateCommand(),
		a.exportCommand(),
		a.studyCommand(),
		a.reportCommand(),
		a.compareCommand(),
		a.spaceCommand(),
	)
	return root
}

// number is how strconv says that a text is none.
var number = regexp.MustCompile(`strconv\.\w+: parsing (".*"): .*`)

func unknownCommand(c *cobra.Command, name string) error {
	err := fmt.Errorf("unknown command %.40q", name)
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(name); len(near) > 0 {
		return bad(err, "did you mean %s %s?", c.CommandPath(), near[0])
	}
	return bad(err, "%s --help lists the commands", c.CommandPath())
}

// width is how many characters a line of w has if it is a terminal, else 0.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}
