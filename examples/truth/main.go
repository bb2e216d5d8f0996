// Command truth trains architectures of a space in bands of nearly equal size, each
// from scratch with several seeds, and writes what nas evaluate --truth reads.
//
//	go run ./examples/truth --space decoder-micro --corpus stories.txt -o truth.csv
//
// stories.csv is what the defaults gave on a sample of 4 MB of children's stories
// (TinyStories, Eldan & Li 2023): 24 architectures in three bands, two seeds each,
// 600 steps of 16 sequences of 64 tokens. Its two seeds agree on 80 % of the pairs
// within 5 % of each other's size; parameters outside the embedding order 40 % of them
// right, a supernet of 400 steps 80 %.
//
// stories-fuzzy.csv and its like are the same architectures, one seed each, on the
// synthetic tasks of package text (--task fuzzy --vocab 64 --seeds 1). How they order
// them against the text:
//
//	nas evaluate --truth stories.csv --evaluator table --table stories-fuzzy.csv
//
// A row is written as soon as its model is trained; the same command again goes on
// with those that are missing.
package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"nas/evaluator"
	"nas/evaluator/nn"
	"nas/evaluator/text"
	"nas/space"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "truth:", err)
		os.Exit(1)
	}
}

func run() error {
	file := flag.String("space", "", "search space: a built-in name or a YAML file")
	corpus := flag.String("corpus", "", "UTF-8 text")
	synthetic := flag.String("task", "", "train on this synthetic task, not on a text: "+strings.Join(text.SyntheticNames, ", "))
	out := flag.String("o", "truth.csv", "CSV file to write or go on with")
	bands := flag.String("bands", "60000,120000,240000", "parameters outside the embedding in the middle of each band")
	each := flag.Int("each", 8, "architectures of a band, all within 5 % of its middle")
	seeds := flag.Int("seeds", 2, "trainings of each architecture")
	steps := flag.Int("steps", 600, "training steps")
	vocabulary := flag.Int("vocab", 1024, "tokens to learn from the text, or symbols of the synthetic task")
	batch := flag.Int("batch", 16, "sequences of a step")
	sequence := flag.Int("sequence", 64, "tokens of a sequence")
	held := flag.Int("held-out", 48, "batches of held-out text")
	flag.Parse()

	s, err := space.Load(*file)
	if err != nil {
		return err
	}
	var task text.Task
	if masked := s.Model.Family == space.Encoder; *synthetic != "" {
		task, err = text.NewSynthetic(*synthetic, *vocabulary, masked)
	} else if task, err = read(*corpus, *vocabulary, *sequence, masked); err == nil {
		s.Model.Vocabulary = task.Vocabulary()
	}
	if err != nil {
		return err
	}
	archs, err := choose(s, *bands, *each)
	if err != nil {
		return err
	}
	done, err := finished(*out)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(*out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	recipe := nn.DefaultRecipe(*steps)
	recipe.Batch, recipe.Sequence = *batch, *sequence
	for seed := range *seeds {
		for i, a := range archs {
			id := fmt.Sprintf("a%02d-s%d", i, seed+1)
			if done[id] {
				continue
			}
			recipe.Seed = uint64(seed + 1)
			begin := time.Now()
			score, err := evaluator.NewTrain(evaluator.Training{Task: task, Recipe: recipe, HeldOut: *held, Threads: runtime.NumCPU()}, evaluator.Lessons{}).Evaluate(ctx, a)
			if err != nil {
				return err
			}
			if _, err := f.WriteString(row(s.Name, id, a, -score.Value, seed+1)); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s %.4f nats in %.1f s: %v\n", id, -score.Value, time.Since(begin).Seconds(), a)
		}
	}
	return nil
}

// read makes the task of a text.
func read(path string, vocabulary, sequence int, masked bool) (*text.Corpus, error) {
	corpus, err := text.Read(path)
	if err != nil {
		return nil, err
	}
	train, held := text.Split(corpus)
	t, err := text.Learn(train, vocabulary)
	if err != nil {
		return nil, err
	}
	return text.NewCorpus(t.Encode(nil, train), t.Encode(nil, held), t.Vocabulary(), sequence, masked)
}

// choose draws architectures for every band, no two alike.
func choose(s *space.Space, bands string, each int) (list []space.Arch, err error) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, word := range strings.Split(bands, ",") {
		middle, err := strconv.ParseFloat(word, 64)
		if err != nil || !(middle > 0) {
			return nil, fmt.Errorf("band %q is no number of parameters", word)
		}
		seen := map[string]bool{}
		for try := 0; len(seen) < each; try++ {
			if try == 1_000_000 {
				return nil, fmt.Errorf("band %s: only %d architectures found", word, len(seen))
			}
			a := s.Arch(s.Sample(r))
			if n := float64(space.CountParams(a).NonEmbedding()); math.Abs(n/middle-1) <= 0.05 && !seen[a.Key()] {
				seen[a.Key()] = true
				list = append(list, a)
			}
		}
	}
	return list, nil
}

const columns = "set,id,family,vocab,embedding,hidden,layers,head_dim,heads,kv_heads,ffn,ffn_matrices,params_nonemb,params_total,metric,value,better,seed\n"

// finished are the models that the file has; a new file gets its header.
func finished(path string) (map[string]bool, error) {
	done := map[string]bool{}
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return done, os.WriteFile(path, []byte(columns), 0o644)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := csv.NewReader(bufio.NewReader(f)).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, record := range records {
		done[record[1]] = true
	}
	return done, nil
}

func row(set, id string, a space.Arch, loss float64, seed int) string {
	list := func(of func(space.Layer) int) string {
		var words []string
		for _, l := range a.Layers {
			words = append(words, strconv.Itoa(of(l)))
		}
		return strings.Join(words, " ")
	}
	matrices := 2
	if a.Gated {
		matrices = 3
	}
	p := space.CountParams(a)
	return fmt.Sprintf("%s,%s,%v,%d,%d,%d,%d,%s,%s,%s,%s,%d,%d,%d,loss,%.6f,lower,%d\n", set, id, a.Family, a.Vocabulary, a.Embedding, a.Hidden, len(a.Layers),
		list(func(l space.Layer) int { return l.HeadWidth }), list(func(l space.Layer) int { return l.Heads }),
		list(func(l space.Layer) int { return l.KVHeads }), list(func(l space.Layer) int { return l.FFN }), matrices, p.NonEmbedding(), p.Total, loss, seed)
}
