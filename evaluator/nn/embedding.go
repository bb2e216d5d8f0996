package nn

// table is [rows][E] within the parameters, rows ld values apart; an offset below 0
// is none.
type table struct{ offset, ld int }

// embeddingForward: y[M][E] = word[token] + position[t] + segment[0].
func embeddingForward[F Float](e *Exec[F], y []F, tokens []int32, params []F, word, position, segment table, t, width int) {
	e.parallel(len(tokens), func(_, from, to int) {
		for i := from; i < to; i++ {
			row := y[i*width:][:width]
			copy(row, params[word.offset+int(tokens[i])*word.ld:])
			if position.offset >= 0 {
				addTo(row, params[position.offset+i%t*position.ld:])
			}
			if segment.offset >= 0 {
				addTo(row, params[segment.offset:])
			}
		}
	})
}

// embeddingBackward: dword[token], dposition[t] and dsegment[0] += dy[M][E].
func embeddingBackward[F Float](e *Exec[F], dy []F, tokens []int32, grads []F, word, position, segment table, t, width int) {
	e.parallel(width, func(_, from, to int) {
		for i, token := range tokens {
			row := dy[i*width+from : i*width+to]
			addTo(grads[word.offset+int(token)*word.ld+from:][:to-from], row)
			if position.offset >= 0 {
				addTo(grads[position.offset+i%t*position.ld+from:][:to-from], row)
			}
			if segment.offset >= 0 {
				addTo(grads[segment.offset+from:][:to-from], row)
			}
		}
	})
}

// addTo: dst += x.
func addTo[F Float](dst, x []F) {
	for j, v := range x[:len(dst)] {
		dst[j] += v
	}
}
