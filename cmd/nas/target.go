package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nas/space"
)

// target is what a command is about: a space, a workload, and the device's
// settings.
type target struct {
	spaceName       string
	spaceSource     []byte // what spaceName names, or named when a study began; nil: not read yet
	phase           string
	batch, sequence int
	prompt, context int
	device          string
	isa             string
	threads         int

	space    *space.Space
	workload space.Workload
}

func (t *target) workloadFlags(c *cobra.Command) {
	f := c.Flags()
	spaceFlag(f, &t.spaceName)
	f.StringVar(&t.phase, "phase", "", "decoder latency to look at: prefill or decode (default decode)")
	f.IntVar(&t.batch, "batch", 0, "sequences at once (default 1)")
	f.IntVar(&t.sequence, "sequence", 0, "tokens of an encoder's sequence (default: the space's)")
	f.IntVar(&t.prompt, "prompt", 0, "tokens of a decoder's prompt (default: the space's)")
	f.IntVar(&t.context, "context", 0, "tokens that a decoder's KV cache holds (default: the space's)")
}

func spaceFlag(f *pflag.FlagSet, name *string) {
	f.StringVar(name, "space", "encoder-compact", "search space: a built-in `name` ("+strings.Join(space.Names(), ", ")+") or a YAML file")
}

func (t *target) deviceFlags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&t.device, "device", "d", "", "device profile `file` (default: this machine, measured when needed)")
	t.machineFlags(c)
}

func (t *target) machineFlags(c *cobra.Command) {
	f := c.Flags()
	f.IntVar(&t.threads, "threads", 1, "threads that the model runs on")
	f.StringVar(&t.isa, "isa", "", "CPU `level` of the kernels (default: the best; NAS_CPU works too)")
}

// resolve reads the space and settles the workload.
func (t *target) resolve() error {
	if t.spaceSource == nil {
		source, err := space.Source(t.spaceName)
		if err != nil {
			return spaceFault(t.spaceName, err)
		}
		t.spaceSource = source
	}
	s, err := space.Parse(t.spaceName, t.spaceSource)
	if err != nil {
		return spaceFault(t.spaceName, err)
	}
	t.space = s
	w, err := t.settle(s.Model, s.Workload)
	if err != nil {
		return err
	}
	t.workload = w
	return t.checkThreads()
}

func (t *target) checkThreads() error {
	if t.threads < 1 || t.threads > 256 {
		return bad(fmt.Errorf("--threads %d is outside 1…256", t.threads), "one thread is the default: --threads 1")
	}
	return nil
}

// settle is the workload w with the flags laid over it.
func (t *target) settle(m space.Model, w space.Workload) (space.Workload, error) {
	encoder := m.Family == space.Encoder
	for _, f := range []struct {
		name  string
		value int
		fits  bool
	}{{"sequence", t.sequence, encoder}, {"prompt", t.prompt, !encoder}, {"context", t.context, !encoder}, {"batch", t.batch, true}} {
		if f.value < 0 {
			return w, bad(fmt.Errorf("--%s %d is below one", f.name, f.value), "give a number of at least 1")
		}
		if f.value > 0 && !f.fits {
			return w, bad(fmt.Errorf("--%s does not apply to the %v space %q", f.name, m.Family, t.spaceName), "encoders take --sequence; decoders take --prompt, --context and --phase")
		}
	}
	switch {
	case t.phase == "":
	case encoder:
		return w, bad(fmt.Errorf("--phase does not apply to the encoder space %q", t.spaceName), "encoders have one phase; leave --phase out")
	case t.phase == space.Prefill.String():
		w.Phase = space.Prefill
	case t.phase == space.Decode.String():
		w.Phase = space.Decode
	default:
		return w, bad(fmt.Errorf("unknown phase %.20q", t.phase), "the phases are prefill and decode")
	}
	if t.batch > 0 {
		w.Batch = t.batch
	}
	if n := max(t.sequence, t.prompt); n > 0 {
		w.Tokens = n
	}
	if t.context > 0 {
		w.Context = t.context
	}
	if err := w.Validate(m); err != nil {
		return w, bad(err, "the space has %d positions; one sequence at once is usual", m.Positions)
	}
	return w, nil
}
