package text

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// goroot is where the Go toolchain lies, with its texts.
func goroot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("there is no go command: ", err)
	}
	return strings.TrimSpace(string(out))
}

// opticks is an English text that every Go toolchain has.
func opticks(t testing.TB) []byte {
	t.Helper()
	corpus, err := Read(filepath.Join(goroot(t), "src", "testdata", "Isaac.Newton-Opticks.txt"))
	if err != nil {
		t.Skip(err)
	}
	return corpus
}

func TestLearn(t *testing.T) {
	// By hand: "ab" is there five times, then " ab" and "abc" twice each.
	tokeniser, err := Learn([]byte("ab abc ab abc ab"), 260)
	if err != nil {
		t.Fatal(err)
	}
	if got := tokeniser.pairs; !slices.Equal(got, []pair{{'a', 'b'}, {' ', 257}, {258, 'c'}}) {
		t.Errorf("%v", got)
	}
	if got := tokeniser.Encode(nil, []byte("ab abc")); !slices.Equal(got, []int32{257, 259}) {
		t.Errorf("%v", got)
	}
	if small, err := Learn([]byte("ab abc ab abc ab"), 4096); err != nil || small.Vocabulary() != 260 {
		t.Errorf("%v %v", small, err)
	}
	for _, size := range []int{0, 256, MaxVocabulary + 1} {
		if _, err := Learn(nil, size); err == nil {
			t.Errorf("a vocabulary of %d tokens", size)
		}
	}
}

// The fast learner merges as one that counts all pairs anew each time.
func TestLearnAgainstCounting(t *testing.T) {
	text := opticks(t)[:40000]
	tokeniser, err := Learn(text, 257+150)
	if err != nil {
		t.Fatal(err)
	}
	var words [][]int32
	for rest := text; len(rest) > 0; {
		n := next(rest)
		var w []int32
		for _, b := range rest[:n] {
			w = append(w, int32(b))
		}
		words, rest = append(words, w), rest[n:]
	}
	for i, got := range tokeniser.pairs {
		count := map[pair]int{}
		for _, w := range words {
			for k := range len(w) - 1 {
				count[pair{w[k], w[k+1]}]++
			}
		}
		var best pair
		for p, n := range count {
			if n > count[best] || n == count[best] && slices.Compare(p[:], best[:]) < 0 {
				best = p
			}
		}
		if got != best {
			t.Fatalf("merge %d: %v (%d times), want %v (%d times)", i, got, count[got], best, count[best])
		}
		for k := range words {
			words[k] = join(words[k], best, int32(firstPair+i))
		}
	}
}

func TestTokeniserOfABook(t *testing.T) {
	text := opticks(t)
	train, held := Split(text)
	if share := float64(len(held)) / float64(len(text)); share < .08 || share > .12 || len(train)+len(held) != len(text) {
		t.Errorf("%.3f held out", share)
	}
	folder := t.TempDir()
	tokeniser, err := Cached(folder, train, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tokens := tokeniser.Encode(nil, held)
	if got := tokeniser.Decode(nil, tokens); !bytes.Equal(got, held) {
		t.Error("the text does not come back")
	}
	if perToken := float64(len(held)) / float64(len(tokens)); perToken < 2.5 {
		t.Errorf("%.2f bytes a token", perToken)
	}
	if tokeniser.Vocabulary() != 2048 || slices.Max(tokens) >= 2048 || slices.Contains(tokens, Mask) {
		t.Errorf("vocabulary %d, largest token %d", tokeniser.Vocabulary(), slices.Max(tokens))
	}
	files, _ := os.ReadDir(folder)
	if len(files) != 1 {
		t.Fatalf("%d files in the cache", len(files))
	}
	path := filepath.Join(folder, files[0].Name())
	old := time.Unix(1e9, 0)
	os.Chtimes(path, old, old)
	again, err := Cached(folder, train, 2048)
	if err != nil || !slices.Equal(again.pairs, tokeniser.pairs) {
		t.Errorf("from the cache: %v", err)
	}
	if info, _ := os.Stat(path); !info.ModTime().Equal(old) {
		t.Error("learnt twice")
	}
	os.WriteFile(path, []byte("{"), 0o600)
	if again, err = Cached(folder, train, 2048); err != nil || !slices.Equal(again.pairs, tokeniser.pairs) {
		t.Errorf("from a broken cache: %v", err)
	}
}

func TestReadFolder(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(folder, name)
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("word ", 1000)
	write("b.txt", long)
	write("a/x.txt", "\ufefffirst")
	write(".git/config", "\xff\x00")
	os.Symlink(filepath.Join(folder, "b.txt"), filepath.Join(folder, "link"))
	got, err := Read(folder)
	if err != nil || string(got) != "first\n\n"+long {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	write("c.txt", "caf\xe9")
	if _, err := Read(folder); err == nil || !strings.Contains(err.Error(), "c.txt: byte 3: not UTF-8") {
		t.Error(err)
	}
	write("c.txt", "a\x00")
	if _, err := Read(folder); err == nil || !strings.Contains(err.Error(), "c.txt: byte 1: a zero byte") {
		t.Error(err)
	}
	write("short", "short")
	for _, path := range []string{"short", "nowhere"} {
		if _, err := Read(filepath.Join(folder, path)); err == nil {
			t.Errorf("%s is a corpus", path)
		}
	}
}

func TestParseFaults(t *testing.T) {
	good, err := Learn([]byte("ab abc ab abc ab"), 260)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(good.Marshal())
	if err != nil || !slices.Equal(back.pairs, good.pairs) {
		t.Fatal(err)
	}
	head := `{"format":"` + format + `","pairs":`
	for _, text := range []string{"", "{}", `{"format":"x","pairs":[]}`, head + "[[1]]}", head + "[[1,257]]}", head + "[[1,256]]}",
		head + "[[-1,2]]}", head + "[[1,2],[1,2]]}", head + "[[1,2]],\"x\":1}", head + "[[1,1],[257,257],[258,258],[259,259],[260,260],[261,261],[262,262]]}"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is a tokeniser", text)
		}
	}
}

func FuzzTokeniser(f *testing.F) {
	f.Add([]byte("It's 12345 o'clock,\n\n  isn't it? \u00e9\u4e2d\xff"), []byte("ab abc ab abc ab"))
	f.Fuzz(func(t *testing.T, text, learnt []byte) {
		tokeniser, err := Learn(learnt, 300)
		if err != nil {
			t.Fatal(err)
		}
		if back := tokeniser.Decode(nil, tokeniser.Encode(nil, text)); !bytes.Equal(back, text) {
			t.Errorf("%q came back as %q", text, back)
		}
	})
}

func FuzzParse(f *testing.F) {
	t, _ := Learn([]byte("ab abc ab abc ab"), 260)
	f.Add(t.Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		if tokeniser, err := Parse(data); err == nil {
			for i := range tokeniser.pairs {
				if n := len(tokeniser.Decode(nil, []int32{int32(firstPair + i)})); n < 2 || n > maxWord {
					t.Errorf("token %d has %d bytes", firstPair+i, n)
				}
			}
		}
	})
}

func tasks(t *testing.T) map[string]Task {
	list := map[string]Task{}
	tokens := make([]int32, 5000)
	for i := range tokens {
		tokens[i] = int32(i % 251)
	}
	for name, masked := range map[string]bool{"next": false, "masked": true} {
		c, err := NewCorpus(tokens[:4000], tokens[4000:], 300, 64, masked)
		if err != nil {
			t.Fatal(err)
		}
		list[name] = c
	}
	for _, name := range SyntheticNames {
		for suffix, masked := range map[string]bool{" decoder": false, " encoder": true} {
			s, err := NewSynthetic(name, 40, masked)
			if err != nil {
				t.Fatal(err)
			}
			list[name+suffix] = s
		}
	}
	return list
}

// Every task asks something of every sequence, within its vocabulary, and the same
// whenever the seed is.
func TestTasks(t *testing.T) {
	for name, task := range tasks(t) {
		a, b := NewBatch(8, 64), NewBatch(8, 64)
		for seed := range uint64(50) {
			task.Draw(rand.New(rand.NewPCG(seed, 1)), a)
			task.Draw(rand.New(rand.NewPCG(seed, 1)), b)
			if !slices.Equal(a.Inputs, b.Inputs) || !slices.Equal(a.Targets, b.Targets) {
				t.Fatalf("%s: equal seeds, other examples", name)
			}
			for i := range a.B {
				in, out := a.Inputs[i*64:(i+1)*64], a.Targets[i*64:(i+1)*64]
				if slices.Min(in) < 0 || int(slices.Max(in)) >= task.Vocabulary() || slices.Min(out) < Ignored || int(slices.Max(out)) >= task.Vocabulary() {
					t.Fatalf("%s: tokens out of the vocabulary: %v %v", name, in, out)
				}
				if slices.Max(out) == Ignored {
					t.Fatalf("%s: nothing is asked: %v", name, in)
				}
			}
		}
		task.Held(3, a)
		task.Held(3, b)
		if !slices.Equal(a.Inputs, b.Inputs) || !slices.Equal(a.Targets, b.Targets) {
			t.Errorf("%s: held-out examples change", name)
		}
		task.Held(4, b)
		if slices.Equal(a.Inputs, b.Inputs) {
			t.Errorf("%s: two held-out batches are the same", name)
		}
	}
	if _, err := NewSynthetic("taste", 40, false); err == nil {
		t.Error("a task without a name")
	}
	if _, err := NewSynthetic("copy", 15, false); err == nil {
		t.Error("a vocabulary of 15")
	}
	if _, err := NewCorpus(make([]int32, 64), make([]int32, 100), 300, 64, false); err == nil {
		t.Error("a corpus shorter than a sequence")
	}
}

// Every sequence asks for something, however short it is.
func TestSyntheticAsks(t *testing.T) {
	for _, name := range SyntheticNames {
		for _, masked := range []bool{false, true} {
			task, err := NewSynthetic(name, 20, masked)
			if err != nil {
				t.Fatal(err)
			}
			for _, length := range []int{1, 2, 8, 64} {
				b := NewBatch(50, length)
				task.Held(0, b)
				for i := range b.B {
					if targets := b.Targets[i*length:][:length]; !slices.ContainsFunc(targets, func(v int32) bool { return v != Ignored }) {
						t.Errorf("%s, masked %t, %d tokens: sequence %d asks for nothing", name, masked, length, i)
					}
				}
			}
		}
	}
}

// What is asked can be known from what was read.
func TestSyntheticAnswersAreThere(t *testing.T) {
	s := symbols{20}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		tokens, asked := make([]int32, 65), make([]bool, 65)
		s.recall(r, tokens, asked, 1)
		value := map[int32]int32{}
		for i := 0; i+1 < len(tokens); i += 2 {
			if asked[i+1] && value[tokens[i]] != tokens[i+1] {
				t.Fatalf("recall: %v asked at %d", tokens, i+1)
			}
			value[tokens[i]] = tokens[i+1]
		}
		clear(asked)
		s.copying(r, tokens, asked)
		var kept, said []int32
		for i, v := range tokens {
			if asked[i] {
				said = append(said, v)
			} else if v != noise && v != marker {
				kept = append(kept, v)
			}
		}
		if len(kept) == 0 || !slices.Equal(kept, said) {
			t.Fatalf("copy: %v, kept %v, said %v", tokens, kept, said)
		}
		clear(asked)
		s.source(r, tokens, asked)
		successors := map[int32]map[int32]bool{}
		for i := range 64 {
			if successors[tokens[i]] == nil {
				successors[tokens[i]] = map[int32]bool{}
			}
			successors[tokens[i]][tokens[i+1]] = true
			if len(successors[tokens[i]]) > 3 {
				t.Fatalf("compression: %v has more than three successors in %v", tokens[i], tokens)
			}
		}
	}
}

func BenchmarkLearn(b *testing.B) {
	text := opticks(b)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Learn(text, 4096); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	text := opticks(b)
	t, err := Learn(text, 4096)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	var tokens []int32
	for b.Loop() {
		tokens = t.Encode(tokens[:0], text)
	}
}

// What repeats is easier than what does not, and a batch as hard as its parts.
func TestDifficulty(t *testing.T) {
	tokens := make([]int32, 3000)
	for i := range tokens {
		tokens[i] = int32(i % 20)
	}
	for masked, bound := range map[bool]float64{false: 0.3, true: 3} {
		c, err := NewCorpus(tokens, tokens, 300, 64, masked)
		if err != nil {
			t.Fatal(err)
		}
		easy := NewBatch(2, 64)
		c.Held(0, easy)
		if got := c.Difficulty(easy); got <= 0 || got > bound {
			t.Errorf("masked %t: %.2f nats where a pair says all", masked, got)
		}
		hard := NewBatch(2, 64)
		r := rand.New(rand.NewPCG(1, 1))
		for i := range hard.Inputs {
			hard.Inputs[i], hard.Targets[i] = int32(r.IntN(300)), int32(r.IntN(300))
		}
		if got := c.Difficulty(hard); got < 5 {
			t.Errorf("masked %t: %.2f nats for noise", masked, got)
		}
	}
}

// A digest depends on all that examples are made of.
func TestDigest(t *testing.T) {
	tokens := make([]int32, 200)
	for i := range tokens {
		tokens[i] = int32(i % 50)
	}
	other := slices.Clone(tokens)
	other[199]++
	seen := map[string]string{}
	for name, c := range map[string]struct {
		train, held []int32
		vocabulary  int
		masked      bool
	}{
		"one": {tokens[:100], tokens[100:], 300, false}, "cut elsewhere": {tokens[:90], tokens[90:], 300, false},
		"last token": {tokens[:100], other[100:], 300, false}, "vocabulary": {tokens[:100], tokens[100:], 301, false},
		"masked": {tokens[:100], tokens[100:], 300, true},
	} {
		task, err := NewCorpus(c.train, c.held, c.vocabulary, 16, c.masked)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := NewCorpus(slices.Clone(c.train), c.held, c.vocabulary, 20, c.masked)
		if again.Digest() != task.Digest() {
			t.Errorf("%s: equal data, two digests", name)
		}
		if twin, ok := seen[task.Digest()]; ok {
			t.Errorf("%s and %s have one digest", name, twin)
		}
		seen[task.Digest()] = name
	}
	for _, name := range SyntheticNames {
		s, err := NewSynthetic(name, 32, false)
		if err != nil {
			t.Fatal(err)
		}
		seen[s.Digest()] = name
	}
	if len(seen) != 5+len(SyntheticNames) {
		t.Errorf("%d digests", len(seen))
	}
}
