package text

import "math"

// counted is how many training tokens Difficulty counts at most.
const counted = 1 << 22

// bigrams are counts of tokens and of pairs of neighbours.
type bigrams struct {
	tokens []int32
	pairs  map[[2]int32]int32
	total  int32
}

func countBigrams(tokens []int32, vocabulary int) *bigrams {
	tokens = tokens[:min(len(tokens), counted)]
	c := &bigrams{tokens: make([]int32, vocabulary), pairs: map[[2]int32]int32{}, total: int32(len(tokens))}
	for i, t := range tokens {
		c.tokens[t]++
		if i > 0 {
			c.pairs[[2]int32{tokens[i-1], t}]++
		}
	}
	return c
}

// surprise is the loss in nats of token behind before, by interpolated counts.
func (c *bigrams) surprise(before, token int32) float64 {
	p := 0.01/float64(len(c.tokens)) + 0.19*float64(c.tokens[token])/float64(c.total)
	if n := c.tokens[before]; n > 0 {
		p += 0.8 * float64(c.pairs[[2]int32{before, token}]) / float64(n)
	}
	return -math.Log(p)
}

// Difficulty is the mean loss, in nats, that counting pairs of tokens would have on
// a batch. What makes a batch hard for it makes it hard for every model, so that it
// takes most of the noise out of the mean of a model's losses over batches.
func (c *Corpus) Difficulty(b Batch) float64 {
	if c.counts == nil {
		c.counts = countBigrams(c.Train, c.vocabulary)
	}
	sum, n := 0.0, 0
	for i, target := range b.Targets {
		if target != Ignored {
			before := b.Inputs[i]
			if c.masked {
				before = b.Inputs[max(i-1, 0)]
			}
			sum += c.counts.surprise(before, target)
			n++
		}
	}
	return sum / float64(n)
}
