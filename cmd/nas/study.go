package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nas/internal/oneline"
	"nas/internal/statistics"
	"nas/results"
	"nas/results/study"
)

func (a *app) studyCommand() *cobra.Command {
	c := group("study", "List, show and compact studies",
		`A study is one file that holds everything a search knew: its settings and profiles,
every costly score, the state to go on from, the front.

  nas search --memory 8MiB --study phone.db     begin one
  nas search --study phone.db                   go on after an interruption
  nas study list                                those in this folder
  nas study show phone.db                       what it was asked and how far it is
  nas study front phone.db --format md          its front so far, in any format
  nas study compact phone.db                    make the file smaller`)
	o := &output{}
	front := &cobra.Command{Use: "front FILE", Short: "Write the front of a study, in any format", Args: exactly(1, "a study"),
		Long: `Write the front of a study as far as the search has come.

  nas study front phone.db
  nas study front phone.db --format csv -o front.csv`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			r, err := studyReport(c.Context(), args[0])
			if err != nil {
				return err
			}
			return a.write(o, r)
		}}
	o.flags(front)
	c.AddCommand(
		&cobra.Command{Use: "list [FOLDER]", Short: "List the studies of a folder", Args: atMost(1),
			RunE: func(_ *cobra.Command, args []string) error { return a.listStudies(append(args, ".")[0]) }},
		&cobra.Command{Use: "show FILE", Short: "Show what a study was asked and how far it is", Args: exactly(1, "a study"),
			RunE: func(_ *cobra.Command, args []string) error { return a.showStudy(args[0]) }},
		front,
		&cobra.Command{Use: "compact FILE", Short: "Make a study's file as small as what it holds", Args: exactly(1, "a study"),
			RunE: func(_ *cobra.Command, args []string) error { return a.compactStudy(args[0]) }})
	return c
}

// withStudy opens a study for the time of do.
func withStudy(path string, do func(*study.Study) error) error {
	s, err := study.Open(path)
	if err != nil {
		return studyFault(path, err)
	}
	err = do(s)
	if closeErr := s.Close(); err == nil && closeErr != nil {
		err = studyFault(path, closeErr)
	}
	return err
}

// listStudies is one line for each study of a folder.
func (a *app) listStudies(folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return bad(err, "nas study list lists those of this folder")
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "study\tspace\talgorithm\tevaluations\tmembers\tsize\tstate")
	n := 0
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		if f.IsDir() || strings.HasPrefix(f.Name(), ".") || !study.Is(path) {
			continue
		}
		n++
		name := oneline.Escape(f.Name())
		var sum study.Summary
		err := withStudy(path, func(s *study.Study) (err error) { sum, err = s.Summary(); return err })
		var in *study.InUseError
		switch {
		case errors.As(err, &in):
			fmt.Fprintf(w, "%s\t\t\t\t\t\tin use: %s\n", name, oneline.Escape(in.Error()))
		case err != nil:
			fmt.Fprintf(w, "%s\t\t\t\t\t\t%s\n", name, oneline.Escape(err.Error()))
		default:
			algorithm, _ := sum.Settings.Flag("algorithm")
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", name, oneline.Escape(sum.Settings.Space), oneline.Escape(spell(algorithm.Values)), sum.Evaluations, sum.Members, results.Bytes(sum.Bytes), stateOf(sum))
		}
	}
	if n == 0 {
		a.phase("no study in %s; nas search --memory 8MiB --study my.db makes one", folder)
		return nil
	}
	w.Flush()
	_, err = io.WriteString(a.out, text.String())
	return err
}

func stateOf(sum study.Summary) string {
	switch sum.Stop {
	case "":
		return "not finished"
	case "cancelled":
		return "interrupted"
	}
	return "finished: " + sum.Stop
}

// historyShown is how many points of a search's history are shown.
const historyShown = 12

// showStudy says what a study holds, and what it was asked but for what is usual.
func (a *app) showStudy(path string) error {
	return withStudy(path, func(s *study.Study) error {
		sum, err := s.Summary()
		if err != nil {
			return studyFault(path, err)
		}
		profiles, err := s.Profiles()
		if err != nil {
			return studyFault(path, err)
		}
		history, err := s.History()
		if err != nil {
			return studyFault(path, err)
		}
		line := func(name, format string, args ...any) {
			fmt.Fprintf(a.out, "%-12s %s\n", name, oneline.Escape(fmt.Sprintf(format, args...)))
		}
		line("study", "%s, %s, format %d, made by %s", path, results.Bytes(sum.Bytes), study.Version, sum.Settings.Tool)
		line("space", "%s", sum.Settings.Space)
		usual := &cobra.Command{}
		(&hunt{}).bind(usual)
		for _, f := range sum.Settings.Flags {
			if flag := usual.Flags().Lookup(f.Name); flag == nil || !slices.Equal(f.Values, values(flag)) {
				line("", "--%s %s", f.Name, spell(f.Values))
			}
		}
		for _, p := range profiles {
			name := p.Name
			if name == "" {
				name = "this machine's, where it began"
			}
			line("profile", "%s, %s", name, results.Bytes(int64(len(p.Data))))
		}
		line("scores", "%d kept", sum.Scores)
		line("search", "%s, %s on the front, %s", results.Counted(sum.Evaluations, "evaluation"), results.Counted(sum.Members, "member"), stateOf(sum))
		if n := len(history); n > 0 {
			last := history[n-1].Hypervolume
			for _, p := range statistics.Evenly(history, historyShown) {
				line("history", "%d evaluations: %.2f %% of the hypervolume now", p.Evaluations, 100*p.Hypervolume/last)
			}
		}
		return nil
	})
}

func (a *app) compactStudy(path string) error {
	before, after := int64(0), int64(0)
	err := withStudy(path, func(s *study.Study) error {
		sum, err := s.Summary()
		if err == nil {
			before = sum.Bytes
			err = s.Compact()
		}
		if err != nil {
			return studyFault(path, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		after = info.Size()
	}
	a.phase("%s: %s, was %s", path, results.Bytes(after), results.Bytes(before))
	return nil
}

// studyReport is the report of a study: the one that was kept, or where the search went
// on since, or was killed, one made of its last state.
func studyReport(ctx context.Context, path string) (r *results.Report, err error) {
	fresh := false
	err = withStudy(path, func(s *study.Study) error {
		sum, err := s.Summary()
		if err == nil {
			r, err = s.Report()
			fresh = sum.Stop != ""
		}
		if err != nil {
			return studyFault(path, err)
		}
		return nil
	})
	if err != nil || fresh {
		return r, err
	}
	h := &hunt{study: path, replay: true}
	c := &cobra.Command{}
	h.bind(c)
	quiet := &app{talk: talk{w: io.Discard}}
	return quiet.hunt(ctx, c.Flags(), h)
}
