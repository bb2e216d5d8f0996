package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nas/latency"
	"nas/space"
)

const profileSpace = `
name: chat
family: decoder
vocabulary: 600
hidden: [16, 32, 64]
layers: [1, 2, 3]
heads: {per_layer: [2, 4]}
kv_heads: {per_layer: [1, 2]}
head_width: 8
ffn: {per_layer: [16, 32, 64]}
workload: {prompt: 8, context: 20, phase: decode}
`

// profileTime is enough for two tables, each with a validation of more than a second.
const profileTime = 16 * time.Second

// A profile that is killed at any moment keeps each sample that its checkpoint held, and
// ends whole. NAS_KILLS says how often it is killed.
func TestProfileSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	kills := 4
	if n, err := strconv.Atoi(os.Getenv("NAS_KILLS")); err == nil {
		kills = n
	}
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 2))
	killed := map[string]int{}
	for n, profiles := 0, 0; n < kills; profiles++ {
		if profiles > 2*kills {
			t.Fatalf("%d profiles ended before they were killed", profiles-n)
		}
		p := killedProfile{t: t, folder: t.TempDir()}
		if err := os.WriteFile(p.file("chat.yaml"), []byte(profileSpace), 0o666); err != nil {
			t.Fatal(err)
		}
		for try := 0; try < 4 && n < kills && !p.done; try++ {
			moment := time.Duration(random.Int64N(int64(max(profileTime-p.spent, time.Second))))
			// Half of them in the middle of a write: of the checkpoint, or of the profile.
			inWrite := []string{"", ".p.json.part.*.tmp", "", ".p.json.[0-9]*.tmp"}[n%4]
			doing := p.run(moment, inWrite)
			if p.done {
				break
			}
			n++
			killed[doing]++
			t.Logf("kill %d: %s; there is %s", n, doing, p)
		}
		for !p.done {
			p.run(time.Hour, "")
		}
	}
	t.Logf("killed while: %v", killed)
}

// killedProfile is a profile in the making.
type killedProfile struct {
	t      *testing.T
	folder string
	spent  time.Duration // by all runs
	kept   *latency.Checkpoint
	done   bool
}

func (p killedProfile) file(name string) string { return filepath.Join(p.folder, name) }

// matching counts the files that match a pattern.
func (p killedProfile) matching(pattern string) int {
	names, _ := filepath.Glob(p.file(pattern))
	return len(names)
}

func (p killedProfile) String() string {
	switch {
	case p.kept == nil:
		return "nothing"
	case p.kept.State == nil:
		return fmt.Sprintf("%d tables", len(p.kept.Tables))
	}
	return fmt.Sprintf("%d tables, %d rounds of the next", len(p.kept.Tables), p.kept.State.Rounds)
}

// run goes on with the profile and kills it at a moment, or when the next file of a
// pattern is there after it. It says what was being done.
func (p *killedProfile) run(moment time.Duration, inWrite string) (doing string) {
	c := exec.Command(os.Args[0], "profile", "--space", p.file("chat.yaml"), "--time", profileTime.String(), "-o", p.file("p.json"))
	c.Env = append(os.Environ(), asCommand+"=1")
	var errs bytes.Buffer
	c.Stderr = &errs
	before, begin, ended := p.matching(inWrite), time.Now(), make(chan struct{})
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		select {
		case <-ended:
			return
		case <-time.After(moment):
		}
		for inWrite != "" && p.matching(inWrite) == before {
			select {
			case <-ended:
				return
			default:
			}
		}
		c.Process.Kill()
	}()
	err := c.Wait()
	close(ended)
	p.spent += time.Since(begin)
	var exit *exec.ExitError
	switch {
	case err == nil:
		p.finished()
		return ""
	case !errors.As(err, &exit) || exit.Exited():
		p.t.Fatalf("%v: %s", err, errs.String())
	}
	p.killed()
	if p.matching(inWrite) > before {
		return "writing " + inWrite
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	for _, phase := range []string{"measuring", "running", "held-out"} {
		if strings.Contains(lines[len(lines)-1], phase) {
			return phase
		}
	}
	return "between phases"
}

// killed holds what a kill left against what there was before.
func (p *killedProfile) killed() {
	if _, err := os.Stat(p.file("p.json")); err == nil {
		if _, err := latency.Read(p.file("p.json")); err != nil {
			p.t.Fatal(err)
		}
	}
	now, err := latency.ReadCheckpoint(p.file("p.json.part"))
	if errors.Is(err, fs.ErrNotExist) && p.kept == nil {
		return
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if old := p.kept; old != nil {
		n := len(old.Tables)
		if len(now.Tables) < n || n > 0 && !reflect.DeepEqual(now.Tables[:n], old.Tables) {
			p.t.Fatalf("a finished table is lost or another one: %d, there were %d", len(now.Tables), n)
		}
		if old.State != nil && len(now.Tables) == n && (now.State == nil || !goesOn(now.State, old.State)) {
			p.t.Fatal("samples are lost")
		}
	}
	p.kept = now
}

// goesOn reports whether each series of old is the beginning of that of now.
func goesOn(now, old *latency.State) bool {
	begins := func(long, short []float64) bool {
		return len(long) >= len(short) && slices.Equal(long[:len(short)], short)
	}
	for i := range old.Models {
		a, b := &now.Models[i], &old.Models[i]
		ok := begins(a.Whole.Fastest, b.Whole.Fastest) && begins(a.Whole.Medians, b.Whole.Medians) && begins(a.Looks.Before, b.Looks.Before)
		for j := range b.Ops {
			ok = ok && begins(a.Ops[j].Fastest, b.Ops[j].Fastest)
		}
		if !ok {
			return false
		}
	}
	return now.Rounds >= old.Rounds && now.Elapsed >= old.Elapsed
}

// finished holds the profile to be whole, and made from what was kept.
func (p *killedProfile) finished() {
	p.done = true
	f, err := latency.Read(p.file("p.json"))
	if err != nil {
		p.t.Fatal(err)
	}
	s, err := space.Load(p.file("chat.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	for i, w := range s.Workload.Phases() {
		ops, err := s.Ops(w)
		if err != nil {
			p.t.Fatal(err)
		}
		table := f.Table("", 1, w)
		if table == nil || len(table.Lacks(ops)) > 0 || table.Validation == nil {
			p.t.Fatalf("%v: the table is not whole", w)
		}
		if p.kept == nil || i != len(p.kept.Tables) || p.kept.State == nil {
			continue
		}
		for j, m := range p.kept.State.Models {
			if n := len(m.Whole.Fastest); table.Models[j].Whole.Rounds < n {
				p.t.Errorf("model %d: %d rounds in the table, %d were kept", j, table.Models[j].Whole.Rounds, n)
			}
		}
	}
	if p.kept != nil {
		kept, err := p.kept.Finished()
		if err != nil {
			p.t.Fatal(err)
		}
		if diff := cmp.Diff(kept, f.Tables[:len(kept)], cmpopts.EquateEmpty()); diff != "" {
			p.t.Errorf("a finished table is another one now (-kept +now):\n%.500s", diff)
		}
	}
	if p.matching("p.json.part") > 0 {
		p.t.Error("the checkpoint is still there")
	}
}
