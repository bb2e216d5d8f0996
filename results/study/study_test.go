package study

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nas/results"
	"nas/search"
	"nas/space"
)

var settings = Settings{Tool: "nas 0.1.0", Space: "tiny", SpaceSource: "name: tiny\n",
	Flags: []Flag{{"memory", []string{"8 MiB"}}, {"device", []string{"a.json", "b.json"}}, {"objectives", []string{}}}}

var profiles = []Profile{{"a.json", []byte(`{"a": 1}`)}, {"b.json", []byte("{\"b\": 2}\n")}, {"", []byte{}}}

// states are those of a search.
func states(t testing.TB, evaluations int) (p search.Problem, s search.Settings, list []*search.State) {
	t.Helper()
	of, err := space.Load("encoder-compact")
	if err != nil {
		t.Fatal(err)
	}
	c := search.Costs{
		Timings: []search.Timing{{Name: search.Latency, Workload: of.Workload, Regimes: []search.Regime{{Op: func(o space.Op) float64 { return float64(1000 + o.MACs()) }}}}},
		Base:    func(space.Arch) float64 { return 1 },
		Layer:   func(_ space.Model, h int, l space.Layer) float64 { return float64(h * (4*l.Heads + l.FFN)) },
	}
	p, err = search.NewAdditive(of, of.Workload, 1, c, search.Limits{Memory: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s = search.Settings{Evaluations: evaluations, Seed: 3}
	s.Save = func(state *search.State) error { list = append(list, state); return nil }
	if _, err := search.Run(t.Context(), p, s); err != nil {
		t.Fatal(err)
	}
	return p, s, list
}

func create(t testing.TB) *Study {
	t.Helper()
	s, err := Create(filepath.Join(t.TempDir(), "a study %20?#.db"), settings, profiles)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	return s
}

func reopen(t testing.TB, s *Study) *Study {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.db.Close() })
	return again
}

// What is put in comes out, also after the file was closed, and compacted.
func TestRoundTrip(t *testing.T) {
	s := create(t)
	p, how, list := states(t, 100000)
	for _, state := range list {
		if err := s.Save(state); err != nil {
			t.Fatal(err)
		}
	}
	report := &results.Report{Front: []results.Candidate{}, References: []results.Candidate{}, Warnings: []string{"w"}, Conditions: results.Conditions{Stop: "budget spent", Objectives: []string{"score"}},
		History: []search.HistoryPoint{{Evaluations: 1, Hypervolume: .1}}}
	if err := s.PutReport(report); err != nil {
		t.Fatal(err)
	}
	scores := map[string]Score{"x": {Value: 1.5, Resolution: .25}, "y": {Failure: "diverged"}}
	for key, score := range scores {
		if err := s.PutScore("train seed=1", key, score); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutScore("train seed=10", "x", Score{Value: 9}); err != nil {
		t.Fatal(err)
	}
	want, err := search.Run(t.Context(), p, how)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		if s = reopen(t, s); round == 1 {
			if err := s.Compact(); err != nil {
				t.Fatal(err)
			}
		}
		gotSettings, err := s.Settings()
		if diff := cmp.Diff(settings, gotSettings); err != nil || diff != "" {
			t.Fatalf("settings: %v\n%s", err, diff)
		}
		gotProfiles, err := s.Profiles()
		if diff := cmp.Diff(profiles, gotProfiles); err != nil || diff != "" {
			t.Fatalf("profiles: %v\n%s", err, diff)
		}
		gotReport, err := s.Report()
		if diff := cmp.Diff(report, gotReport); err != nil || diff != "" {
			t.Fatalf("report: %v\n%s", err, diff)
		}
		got, err := s.Scores("train seed=1")
		if diff := cmp.Diff(scores, got); err != nil || diff != "" {
			t.Fatalf("scores: %v\n%s", err, diff)
		}
		one, known, err := s.Score("train seed=10", "x")
		if err != nil || !known || one.Value != 9 {
			t.Fatalf("score %+v, known %t, %v", one, known, err)
		}
		if _, known, err := s.Score("train", "x"); known || err != nil {
			t.Fatalf("a score of another evaluator: %v", err)
		}
		state, err := s.State()
		if err != nil {
			t.Fatal(err)
		}
		last := *list[len(list)-1]
		if diff := cmp.Diff(&last, state, cmpopts.IgnoreFields(search.State{}, "Seen"), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("state:\n%.500s", diff)
		}
		again := how
		again.Save, again.Resume = nil, state
		result, err := search.Run(t.Context(), p, again)
		if diff := cmp.Diff(want, result); err != nil || diff != "" {
			t.Fatalf("resumed: %v\n%.500s", err, diff)
		}
		sum, err := s.Summary()
		if err != nil || sum.Evaluations != last.Evaluated || sum.Scores != 3 || sum.Profiles != 3 || sum.Members == 0 || sum.Bytes == 0 {
			t.Fatalf("summary %+v, %v", sum, err)
		}
	}
}

func TestEmptyStudy(t *testing.T) {
	s := create(t)
	state, err := s.State()
	if state != nil || err != nil {
		t.Errorf("state %v, %v", state, err)
	}
	report, err := s.Report()
	if report != nil || err != nil {
		t.Errorf("report %v, %v", report, err)
	}
	if _, err := s.Summary(); err != nil {
		t.Error(err)
	}
	if err := s.Compact(); err != nil {
		t.Error(err)
	}
	for _, bad := range []Score{{Value: nan()}, {Resolution: 1 / zero()}} {
		if err := s.PutScore("e", "a", bad); err == nil {
			t.Errorf("%+v is kept", bad)
		}
	}
	reopen(t, s)
	files, _ := os.ReadDir(filepath.Dir(s.path))
	if len(files) > 2 { // the file and its WAL
		t.Errorf("files are left: %v", files)
	}
}

func zero() float64 { return 0 }
func nan() float64  { return zero() / zero() }

// Create takes no other's place; what is no study is refused and left as it is.
func TestOpenRefuses(t *testing.T) {
	s := create(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(s.path, settings, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create over a study: %v", err)
	}
	alter := func(at int, b ...byte) []byte {
		data := append([]byte{}, good...)
		copy(data[at:], b)
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":        {nil, ErrForeign},
		"short":        {good[:60], ErrForeign},
		"text":         {[]byte(strings.Repeat("a front\n", 50)), ErrForeign},
		"other sqlite": {alter(68, 0, 0, 0, 0), ErrForeign},
		"newer":        {alter(60, 0, 0, 0, 9), ErrNewer},
		"version 0":    {alter(60, 0, 0, 0, 0), ErrCorrupt},
		"cut":          {good[:len(good)/2], ErrCorrupt},
		"cut in page":  {good[:len(good)-100], ErrCorrupt},
	} {
		path := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(path, c.data, 0o666); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(path); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
			if s != nil {
				s.Close()
			}
		}
		after, err := os.ReadFile(path)
		if err != nil || string(after) != string(c.data) {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrForeign) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "x.db"), settings, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// One bit changed anywhere is found, or changes nothing.
func TestFlippedBits(t *testing.T) {
	s := create(t)
	_, _, list := states(t, 1000)
	if err := s.Save(list[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.PutScore("e", "a", Score{Value: 3}); err != nil {
		t.Fatal(err)
	}
	want := dump(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	step := 37
	if testing.Short() {
		step = 401
	}
	if os.Getenv("NAS_STUDY_ALL") != "" {
		step = 1
	}
	path := filepath.Join(t.TempDir(), "x.db")
	found, harmless := 0, 0
	for bit := 0; bit < 8*len(good); bit += step {
		data := append([]byte{}, good...)
		data[bit/8] ^= 1 << (bit % 8)
		for _, suffix := range []string{"-wal", "-shm", "-journal"} {
			os.Remove(path + suffix)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		damaged, err := Open(path)
		if err != nil {
			found++
			continue
		}
		if diff := cmp.Diff(want, dump(t, damaged)); diff != "" {
			t.Errorf("bit %d of byte %d: silently another study:\n%.300s", bit%8, bit/8, diff)
		}
		harmless++
		damaged.Close()
	}
	if found == 0 {
		t.Error("nothing was found")
	}
	t.Logf("%d bytes, %d bits tried: %d found, %d harmless", len(good), found+harmless, found, harmless)
}

// dump is all that a study holds.
func dump(t testing.TB, s *Study) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range tables {
		if _, err := each(s.db, table.name, table.key, func(key string, data []byte) error {
			all[table.name+" "+key] = string(data)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Files of older versions are brought up to date and keep what they hold.
func TestMigration(t *testing.T) {
	for old := 1; old < Version; old++ {
		data, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("version%d.db", old)))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "old.db")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if version, err := readHeader(path); version != old || err != nil {
			t.Fatalf("the fixture of version %d has version %d, %v", old, version, err)
		}
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Settings()
		if diff := cmp.Diff(settings, got); err != nil || diff != "" {
			t.Errorf("version %d: settings: %v\n%s", old, err, diff)
		}
		state, err := s.State()
		if err != nil || state == nil || state.Evaluated != 1000 || len(state.Seen) != state.SeenCount {
			t.Errorf("version %d: state: %v", old, err)
		}
		if err := s.PutScore("e", "a", Score{Value: 1}); err != nil {
			t.Error(err)
		}
		s = reopen(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if version, err := readHeader(path); version != Version || err != nil {
			t.Errorf("version %d: migrated to version %d, %v", old, version, err)
		}
	}
}

// A study that was removed or replaced is not written to.
func TestGone(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { os.Remove(path); return os.WriteFile(path, []byte("mine"), 0o666) },
	} {
		s := create(t)
		if err := spoil(s.path); err != nil {
			t.Fatal(err)
		}
		if err := s.PutScore("e", "a", Score{}); !errors.Is(err, ErrGone) {
			t.Errorf("%s: got %v, want %v", name, err, ErrGone)
		}
		if err := s.Close(); !errors.Is(err, ErrGone) {
			t.Errorf("%s: Close: got %v, want %v", name, err, ErrGone)
		}
		if data, err := os.ReadFile(s.path); name == "replaced" && string(data) != "mine" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
}

// What a process that was killed had begun to create is cleared away by the next one;
// what another is creating is left.
func TestStrayDrafts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	name := func(pid int, suffix string) string { return fmt.Sprintf("%s.%d-abc123.draft%s", path, pid, suffix) }
	mine := name(os.Getpid(), "")
	for _, file := range []string{name(dead.Process.Pid, ""), name(dead.Process.Pid, "-wal"), mine} {
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Create(path, settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + ".*")
	if err != nil || !slices.Equal(left, []string{mine}) {
		t.Errorf("left: %q, %v; want %q", left, err, mine)
	}
}

// A folder or file that may not be written to is an error with its reason.
func TestReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	s := create(t)
	s.Close()
	os.Chmod(filepath.Dir(s.path), 0o555)
	defer os.Chmod(filepath.Dir(s.path), 0o777)
	os.Chmod(s.path, 0o444)
	if _, err := Open(s.path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want %v", err, fs.ErrPermission)
	}
	if _, err := Create(s.path+"2", settings, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want %v", err, fs.ErrPermission)
	}
}

func TestSettingsAreText(t *testing.T) {
	text, err := json.Marshal(settings)
	if err != nil || !strings.Contains(string(text), `"flags":[{"name":"memory"`) {
		t.Errorf("%s, %v", text, err)
	}
}
