package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nas/evaluator"
	"nas/internal/strictjson"
	"nas/results"
	"nas/results/study"
	"nas/space"
)

// model is an architecture that the user names or gives.
type model struct {
	name    string
	arch    space.Arch
	weights *evaluator.Weights // nil: none are given
	latency float64            // of a report, in nanoseconds; 0: none
}

// given are the architectures of a command's arguments, and the conditions that
// came with them.
type given struct {
	models   []model
	workload space.Workload // of a report; batch 0: none
	threads  int            // of a report; 0: none
	reports  []*results.Report
}

const architectures = `Each argument is a file of architectures (a study, a report of nas search as JSON or
CSV, JSON objects such as nas space sample prints, or a .safetensors file of nas),
- for standard input, or a reference model.`

// read reads all arguments.
func (a *app) read(args []string) (g given, err error) {
	for _, arg := range args {
		if err := a.readOne(arg, &g); err != nil {
			return g, err
		}
	}
	if len(g.models) == 0 {
		return g, bad(fmt.Errorf("%s holds no architecture", strings.Join(args, ", ")), "nas space sample encoder-compact prints one")
	}
	for _, m := range g.models[1:] {
		if m.arch.Family != g.models[0].arch.Family {
			return g, bad(errors.New("encoders and decoders do not run the same workload"), "give the ones and the others apart")
		}
	}
	return g, nil
}

func (a *app) readOne(arg string, g *given) error {
	var data []byte
	var err error
	if r, ok := reference(arg); ok {
		g.models = append(g.models, r)
		return nil
	} else if strings.HasSuffix(arg, weightsSuffix) {
		return g.trained(arg)
	} else if study.Is(arg) {
		r, err := a.readReport(arg)
		if err != nil {
			return err
		}
		g.take(r)
		return nil
	} else {
		data, err = a.readFile(arg)
	}
	if err != nil {
		return bad(err, "arguments are files, - or one of %s", strings.Join(referenceNames(), ", "))
	}
	if err := g.parse(data); err != nil {
		return bad(fmt.Errorf("%s:%w", arg, err), "nas space sample encoder-compact prints an architecture, nas search --format json a report")
	}
	return nil
}

// take takes the front of a report.
func (g *given) take(r *results.Report) {
	g.reports = append(g.reports, r)
	for _, c := range r.Front {
		g.models = append(g.models, model{name: c.Name, arch: c.Arch, latency: c.LatencyNS})
	}
	if r.Conditions.Workload.Batch > 0 {
		g.workload, g.threads = r.Conditions.Workload, r.Conditions.Threads
	}
}

// parse takes a report, or architectures one after the other.
func (g *given) parse(data []byte) error {
	if isCSV(data) {
		r, err := results.ReadCSV(data)
		if err != nil {
			return err
		}
		g.take(r)
		return nil
	}
	stream := json.NewDecoder(bytes.NewReader(data))
	for {
		at := stream.InputOffset()
		var raw json.RawMessage
		err := stream.Decode(&raw)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			// For the position and the words of the fault.
			return shift(data, at, strictjson.Decode(data[at:], new(any)))
		}
		at = stream.InputOffset() - int64(len(raw))
		var report struct {
			Front json.RawMessage `json:"front"`
		}
		if json.Unmarshal(raw, &report) == nil && report.Front != nil {
			r, err := results.ReadJSON(raw)
			if err != nil {
				return shift(data, at, err)
			}
			g.take(r)
			continue
		}
		var arch space.Arch
		if err := strictjson.Decode(raw, &arch); err != nil {
			return shift(data, at, err)
		}
		if err := arch.Validate(); err != nil {
			return shift(data, at, &strictjson.Error{Line: 1, Column: 1, Why: plain(err)})
		}
		g.models = append(g.models, model{arch: arch})
	}
}

// shift moves the position of a fault of the part of data that begins at offset.
func shift(data []byte, offset int64, err error) error {
	var fault *strictjson.Error
	if !errors.As(err, &fault) {
		return err
	}
	before := data[:offset]
	moved := *fault
	if moved.Line == 1 {
		moved.Column += len(before) - 1 - bytes.LastIndexByte(before, '\n')
	}
	moved.Line += bytes.Count(before, []byte("\n"))
	return &moved
}

func reference(name string) (model, bool) {
	for _, f := range []space.Family{space.Encoder, space.Decoder} {
		for _, r := range space.References(f) {
			if strings.EqualFold(r.Name, name) {
				return model{name: r.Name, arch: r.Arch}, true
			}
		}
	}
	return model{}, false
}

func referenceNames() (names []string) {
	for _, f := range []space.Family{space.Encoder, space.Decoder} {
		for _, r := range space.References(f) {
			names = append(names, r.Name)
		}
	}
	return names
}

// spaceOf is the built-in space that a report is of, else the first of the family.
func (g given) spaceOf(family space.Family) string {
	for _, r := range g.reports {
		if slices.Contains(space.Names(), r.Conditions.Space) {
			return r.Conditions.Space
		}
	}
	for _, name := range space.Names() {
		if s, err := space.Load(name); err == nil && s.Model.Family == family {
			return name
		}
	}
	panic("no built-in space of " + family.String())
}

// suit settles space, workload and threads for given architectures: flags first,
// then what their report says, then the space of their family.
func (t *target) suit(c *cobra.Command, g given) error {
	family := g.models[0].arch.Family
	if !c.Flags().Changed("space") {
		t.spaceName = g.spaceOf(family)
	}
	s, err := loadSpace(t.spaceName)
	if err != nil {
		return err
	}
	if s.Model.Family != family {
		return bad(fmt.Errorf("the architectures are %vs, the space %q holds %vs", family, t.spaceName, s.Model.Family), "leave --space out")
	}
	t.space = s
	w := s.Workload
	if g.workload.Batch > 0 {
		w = g.workload
	}
	if g.threads > 0 && !c.Flags().Changed("threads") {
		t.threads = g.threads
	}
	if err := t.checkThreads(); err != nil {
		return err
	}
	t.workload, err = t.settle(g.models[0].arch.Model, w)
	if err != nil {
		return err
	}
	for i, m := range g.models {
		if err := t.workload.Validate(m.arch.Model); err != nil {
			return bad(fmt.Errorf("architecture %d: %w", i+1, err), "a shorter --sequence, --prompt or --context may fit it")
		}
	}
	return nil
}

// opsOf are the distinct ops that given architectures run.
func (t *target) opsOf(models []model) (ops []space.Op) {
	seen := map[space.Op]bool{}
	for _, m := range models {
		for _, s := range space.Lower(m.arch, t.workload).Steps {
			if !seen[s.Op] {
				seen[s.Op] = true
				ops = append(ops, s.Op)
			}
		}
	}
	return ops
}
