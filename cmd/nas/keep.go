package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"nas/devices"
	"nas/latency"
	"nas/results"
	"nas/results/study"
	"nas/search"
	"nas/space"
)

// keeper keeps what a search finds in a study.
type keeper struct {
	*study.Study
	profiles []study.Profile
	folder   string // of the profiles as files
	longer   bool   // than it was to search when it began
}

// saveInterval is the least time between two states: what a kill can cost.
const saveInterval = 250 * time.Millisecond

// Flags that a study does not keep: the front does not depend on them.
var passing = []string{"study", "workers", "format", "output", "all", "front", "help"}

// Flags that may be given anew when a search goes on.
var stopping = []string{"evaluations", "scores", "time", "still"}

// resume opens the study at h.study and gives h its settings; nil: there is none yet.
func resume(flags *pflag.FlagSet, h *hunt) (*keeper, error) {
	s, err := study.Open(h.study)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, keepable("study", h.study)
	}
	if err != nil {
		return nil, studyFault(h.study, err)
	}
	k := &keeper{Study: s}
	if err := k.apply(flags, h); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// apply sets the flags to what the study says. Flags that were given must agree.
func (k *keeper) apply(flags *pflag.FlagSet, h *hunt) (err error) {
	settings, err := k.Settings()
	if err != nil {
		return studyFault(k.Path(), err)
	}
	if k.profiles, err = k.Profiles(); err != nil {
		return studyFault(k.Path(), err)
	}
	for i, stored := range settings.Flags {
		flag := flags.Lookup(stored.Name)
		switch {
		case flag == nil:
			return bad(fmt.Errorf("%s was made with --%s, which this nas does not know", k.Path(), stored.Name), "use %s", settings.Tool)
		case !flag.Changed:
			if err := setValues(flag, stored.Values); err != nil {
				return bad(fmt.Errorf("%s: --%s: %w", k.Path(), stored.Name, err), "use %s", settings.Tool)
			}
		case k.same(flag, stored.Values, h, settings):
		case slices.Contains(stopping, stored.Name):
			settings.Flags[i].Values, k.longer = values(flag), true
		default:
			was, now := spell(stored.Values), spell(values(flag))
			if was == now {
				was += " as that file was"
			}
			return bad(fmt.Errorf("the study %s searches with --%s %s, not %s", k.Path(), stored.Name, was, now),
				"leave --%s out to go on, or begin another study: --study other.db", stored.Name)
		}
	}
	if k.longer {
		if err := k.PutSettings(settings); err != nil {
			return studyFault(k.Path(), err)
		}
	}
	h.spaceSource = []byte(settings.SpaceSource)
	return k.unpack(h)
}

// settle keeps what a flag came to mean.
func (k *keeper) settle(name, value string) error {
	settings, err := k.Settings()
	if err != nil {
		return err
	}
	for i, f := range settings.Flags {
		if f.Name == name && !slices.Equal(f.Values, []string{value}) {
			settings.Flags[i].Values = []string{value}
			return k.PutSettings(settings)
		}
	}
	return nil
}

// same reports whether a flag means what the study holds: of files, what is in them. One
// that is gone is as it was.
func (k *keeper) same(flag *pflag.Flag, stored []string, h *hunt, settings study.Settings) bool {
	equal := slices.Equal(values(flag), stored)
	switch flag.Name {
	case "corpus": // keeper.identify looks into it
		return true
	case "space":
		text, err := space.Source(h.spaceName)
		return err == nil && string(text) == settings.SpaceSource || err != nil && equal
	case "device":
		return slices.EqualFunc(h.devices, k.profiles, func(path string, p study.Profile) bool {
			if _, board := devices.FindBoard(path); board {
				return path == p.Name
			}
			data, err := os.ReadFile(path)
			return filepath.Base(path) == p.Name && (err == nil && bytes.Equal(data, p.Data) || err != nil && equal)
		})
	}
	return equal
}

// thisMachine is what the profile of this machine is called while it is a file.
const thisMachine = ".this-machine.json"

// unpack makes the profiles files again, for the time of the command.
func (k *keeper) unpack(h *hunt) (err error) {
	if k.folder, err = os.MkdirTemp("", "nas"); err != nil {
		return err
	}
	h.devices = nil
	for i, p := range k.profiles {
		name := p.Name
		if name == "" {
			name = thisMachine
		}
		folder := filepath.Join(k.folder, fmt.Sprint(i))
		path := filepath.Join(folder, filepath.Base(name))
		if err := os.Mkdir(folder, 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, p.Data, 0o666); err != nil {
			return err
		}
		h.devices = append(h.devices, path)
	}
	return nil
}

// begin makes the study of a search that knows its profiles.
func begin(flags *pflag.FlagSet, h *hunt) (*keeper, error) {
	settings := study.Settings{Tool: "nas " + Version, Space: h.space.Name, SpaceSource: string(h.spaceSource)}
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(passing, f.Name) {
			settings.Flags = append(settings.Flags, study.Flag{Name: f.Name, Values: values(f)})
		}
	})
	profiles, err := profilesFor(h.timings)
	if err != nil {
		return nil, err
	}
	s, err := study.Create(h.study, settings, profiles)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrPermission) {
		return nil, studyFault(h.study, err)
	}
	if err != nil {
		return nil, failed(err, "is there room on the disk?")
	}
	return &keeper{Study: s}, nil
}

// profilesFor are the files of the timings' devices: those that were given, and for
// this machine and for boards one with the tables that are used.
func profilesFor(timings []timing) (list []study.Profile, err error) {
	for i, t := range timings {
		same := func(o timing) bool { return o.path == t.path }
		if slices.ContainsFunc(timings[:i], same) {
			continue
		}
		p := study.Profile{}
		if t.path != "" {
			p.Name = filepath.Base(t.path)
		}
		if _, board := devices.FindBoard(t.path); t.path != "" && !board {
			p.Data, err = os.ReadFile(t.path)
		} else {
			f := latency.File{Device: t.device}
			for _, o := range timings[i:] {
				if same(o) {
					f.Tables = append(f.Tables, o.predictor.Table())
				}
			}
			p.Data, err = f.Encode()
		}
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// finished is the report of a search that came to its end; nil: it goes on.
func (k *keeper) finished(h *hunt) (*results.Report, error) {
	sum, err := k.Summary()
	if err != nil {
		return nil, studyFault(k.Path(), err)
	}
	switch search.Reason(sum.Stop) {
	case search.BudgetSpent, search.StandsStill, search.NothingNew, search.SpaceExhausted, search.Proved, search.ListEnded:
	default:
		return nil, nil
	}
	if k.longer {
		return nil, nil
	}
	if err := h.check(); err != nil { // of what is written how
		return nil, err
	}
	report, err := k.Report()
	if err != nil {
		return nil, studyFault(k.Path(), err)
	}
	return report, nil
}

// close leaves the study to others.
func (k *keeper) close() error {
	if k == nil {
		return nil
	}
	if k.folder != "" {
		os.RemoveAll(k.folder)
	}
	if err := k.Close(); err != nil {
		return studyFault(k.Path(), err)
	}
	return nil
}

// settings gives a search its state to go on from, and keeps its next ones.
func (k *keeper) settings(s *search.Settings) (evaluated int, err error) {
	s.Save, s.SaveInterval = k.Save, saveInterval
	if s.Resume, err = k.State(); err != nil {
		return 0, studyFault(k.Path(), err)
	}
	if s.Resume != nil {
		evaluated = s.Resume.Evaluated
	}
	return evaluated, nil
}

// values are those of a flag, so that setValues makes them again.
func values(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return append([]string{}, list.GetSlice()...)
	}
	return []string{f.Value.String()}
}

func setValues(f *pflag.Flag, values []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.Replace(values)
	}
	if len(values) != 1 {
		return fmt.Errorf("%d values", len(values))
	}
	if values[0] == f.Value.String() {
		return nil
	}
	return f.Value.Set(values[0])
}

func spell(values []string) string {
	if text := strings.Join(values, ","); text != "" {
		return text
	}
	return "left out"
}
