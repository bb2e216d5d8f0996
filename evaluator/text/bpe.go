package text

import (
	"cmp"
	"container/heap"
	"fmt"
	"maps"
	"slices"
)

// Tokens below Mask are bytes; those above it are merges of two others, in the order
// they were learnt.
const (
	Mask      = 256 // stands for a token to be found
	firstPair = 257
)

// MaxVocabulary is the largest vocabulary.
const MaxVocabulary = 1 << 16

// Tokeniser is byte-level byte pair encoding (Sennrich et al. 2016): any bytes have
// tokens, and give themselves back. It is safe for one goroutine.
type Tokeniser struct {
	pairs []pair
	rank  map[pair]int32
	words map[string][]int32 // seen
}

type pair [2]int32

// maxWords is how many words a Tokeniser remembers.
const maxWords = 1 << 18

func newTokeniser(pairs []pair) *Tokeniser {
	t := &Tokeniser{pairs: pairs, rank: make(map[pair]int32, len(pairs)), words: map[string][]int32{}}
	for i, p := range pairs {
		t.rank[p] = int32(i)
	}
	return t
}

// Vocabulary is the number of tokens.
func (t *Tokeniser) Vocabulary() int { return firstPair + len(t.pairs) }

// Learn learns a vocabulary of at most size tokens from text: again and again the
// most frequent pair becomes a token, of equally frequent ones the pair of lowest
// tokens. It ends early where no pair is there twice.
func Learn(text []byte, size int) (*Tokeniser, error) {
	if size < firstPair || size > MaxVocabulary {
		return nil, fmt.Errorf("text: a vocabulary of %d tokens is outside %d…%d", size, firstPair, MaxVocabulary)
	}
	l := newLearner(text)
	for len(l.pairs) < size-firstPair && l.merge() {
	}
	return newTokeniser(l.pairs), nil
}

// learner knows the words of a text as tokens, and in which words each pair is.
type learner struct {
	pairs []pair
	words []word
	where map[pair]map[int32]bool
	count map[pair]int
	queue queue // of counts that were true once
}

type word struct {
	tokens []int32
	count  int
}

func newLearner(text []byte) *learner {
	l := &learner{where: map[pair]map[int32]bool{}, count: map[pair]int{}}
	counts := map[string]int{}
	for len(text) > 0 {
		n := next(text)
		counts[string(text[:n])]++
		text = text[n:]
	}
	for i, w := range slices.Sorted(maps.Keys(counts)) {
		tokens := make([]int32, len(w))
		for k := range tokens {
			tokens[k] = int32(w[k])
		}
		l.words = append(l.words, word{tokens, counts[w]})
		l.add(int32(i), 1)
	}
	for p, n := range l.count {
		l.queue = append(l.queue, queued{p, n})
	}
	heap.Init(&l.queue)
	return l
}

// add counts the pairs of word i, or takes them away.
func (l *learner) add(i int32, sign int) {
	w := l.words[i]
	for k := range len(w.tokens) - 1 {
		p := pair{w.tokens[k], w.tokens[k+1]}
		l.count[p] += sign * w.count
		if sign > 0 {
			if l.where[p] == nil {
				l.where[p] = map[int32]bool{}
			}
			l.where[p][i] = true
		}
	}
}

// merge makes one more token.
func (l *learner) merge() bool {
	var top queued
	for {
		if len(l.queue) == 0 {
			return false
		}
		top = heap.Pop(&l.queue).(queued)
		if now := l.count[top.pair]; now != top.count {
			if now > 1 {
				heap.Push(&l.queue, queued{top.pair, now})
			}
			continue
		}
		break
	}
	if top.count < 2 {
		return false
	}
	token := int32(firstPair + len(l.pairs))
	l.pairs = append(l.pairs, top.pair)
	fresh := map[pair]bool{}
	for i := range l.where[top.pair] {
		l.add(i, -1)
		l.words[i].tokens = join(l.words[i].tokens, top.pair, token)
		l.add(i, 1)
		for k, t := range l.words[i].tokens {
			if t == token {
				if k > 0 {
					fresh[pair{l.words[i].tokens[k-1], t}] = true
				}
				if k+1 < len(l.words[i].tokens) {
					fresh[pair{t, l.words[i].tokens[k+1]}] = true
				}
			}
		}
	}
	delete(l.where, top.pair)
	delete(l.count, top.pair)
	for p := range fresh {
		heap.Push(&l.queue, queued{p, l.count[p]})
	}
	return true
}

// join replaces every p in tokens, from the left, in place.
func join(tokens []int32, p pair, token int32) []int32 {
	kept := tokens[:0]
	for i := 0; i < len(tokens); i++ {
		if i+1 < len(tokens) && tokens[i] == p[0] && tokens[i+1] == p[1] {
			kept = append(kept, token)
			i++
		} else {
			kept = append(kept, tokens[i])
		}
	}
	return kept
}

type queued struct {
	pair
	count int
}

// queue is a heap: the most frequent pair first, then the lowest.
type queue []queued

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[j].count, q[i].count), slices.Compare(q[i].pair[:], q[j].pair[:])) < 0
}
func (q *queue) Push(x any) { *q = append(*q, x.(queued)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// Encode appends the tokens of text to dst.
func (t *Tokeniser) Encode(dst []int32, text []byte) []int32 {
	for len(text) > 0 {
		n := next(text)
		tokens, ok := t.words[string(text[:n])]
		if !ok {
			tokens = t.word(text[:n])
			if len(t.words) < maxWords {
				t.words[string(text[:n])] = tokens
			}
		}
		dst, text = append(dst, tokens...), text[n:]
	}
	return dst
}

// word applies the merges to one word, those learnt first first.
func (t *Tokeniser) word(w []byte) []int32 {
	tokens := make([]int32, len(w))
	for i, b := range w {
		tokens[i] = int32(b)
	}
	for {
		best, found := int32(len(t.pairs)), pair{}
		for i := range len(tokens) - 1 {
			p := pair{tokens[i], tokens[i+1]}
			if r, ok := t.rank[p]; ok && r < best {
				best, found = r, p
			}
		}
		if best == int32(len(t.pairs)) {
			return slices.Clip(tokens)
		}
		tokens = join(tokens, found, firstPair+best)
	}
}

// Decode appends the bytes of tokens to dst; Mask has none.
func (t *Tokeniser) Decode(dst []byte, tokens []int32) []byte {
	for _, v := range tokens {
		switch {
		case v < Mask:
			dst = append(dst, byte(v))
		case v > Mask:
			p := t.pairs[v-firstPair]
			dst = t.Decode(dst, p[:])
		}
	}
	return dst
}
