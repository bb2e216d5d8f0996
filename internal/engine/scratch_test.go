package engine

import (
	"testing"

	"nas/kernels"
	"nas/space"
)

// The plan of a program's memory gives each step what its kernel asks for.
func TestScratchIsWhatKernelsAskFor(t *testing.T) {
	for _, rows := range []int{1, 2, 15, 16, 17, 32, 33, 66, 67, 512} {
		for _, k := range []int{1, 63, 64, 65, 256, 312, 384, 512, 4096} {
			if got, want := (space.Op{Kind: space.Linear, Rows: rows, K: k}).Scratch(), kernels.LinearScratch(rows, k); got != want {
				t.Errorf("a linear step of %d rows of depth %d is given %d bytes, want %d", rows, k, got, want)
			}
		}
		for _, width := range []int{16, 26, 128} {
			for _, context := range []int{1, 100, 512} {
				o := space.Op{Kind: space.Attention, Rows: rows, Heads: 12, KVHeads: 4, HeadWidth: width, Context: context}
				queries := rows
				if rows == 1 {
					queries = o.Heads / o.KVHeads
				}
				if got, want := o.Scratch(), kernels.AttentionScratch(queries, width, context); got != want {
					t.Errorf("attention of %d rows, width %d, context %d is given %d bytes, want %d", rows, width, context, got, want)
				}
			}
		}
	}
}
