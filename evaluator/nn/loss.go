package nn

import "math"

// crossEntropy: losses[R] = -log softmax(z)[target], in nats; z[R][V] holds the
// logits times log2(e) and becomes weight times the gradient of the mean loss by the
// logits.
func crossEntropy[F Float](e *Exec[F], losses []float64, z []F, targets []int32, v int, weight float64) {
	scale := F(weight / float64(len(targets)))
	e.parallel(len(targets), func(_, from, to int) {
		for i := from; i < to; i++ {
			row := z[i*v:][:v]
			top, right := e.maximum(row), row[targets[i]]
			sum := e.exp2(row, top)
			losses[i] = math.Ln2 * (math.Log2(float64(sum)) + float64(top-right))
			factor := scale / sum
			for j := range row {
				row[j] *= factor
			}
			row[targets[i]] -= scale
		}
	})
}

// Distillation is how much a student learns from a teacher: the loss is
// (1-Weight) cross entropy + Weight τ² KL(teacher ‖ student), both distributions at
// temperature τ (Hinton et al. 2015).
type Distillation struct {
	Weight, Temperature float64
}

// distil: losses[R] = KL(teacher ‖ student) at temperature, in nats, times its
// square; z[R][V] and teacher[R][V] hold logits times log2(e), and dz += weight times
// the gradient of the mean. z is used up.
func distil[F Float](e *Exec[F], losses []float64, dz, z, teacher []F, rows, v int, d Distillation) {
	inverse := F(1 / d.Temperature)
	scale := F(d.Weight * d.Temperature / float64(rows))
	e.parallel(rows, func(worker, from, to int) {
		buffer := e.space(worker, 2*v)
		truth, difference := buffer[:v], buffer[v:]
		for i := from; i < to; i++ {
			student, gradient := z[i*v:][:v], dz[i*v:][:v]
			for j, x := range teacher[i*v:][:v] {
				truth[j] = x * inverse
				student[j] *= inverse
				difference[j] = truth[j] - student[j]
			}
			topT, topS := e.maximum(truth), e.maximum(student)
			sumT, sumS := e.exp2(truth, topT), e.exp2(student, topS)
			// KL = sum of p (log p - log q), log p being t - top - log sum.
			var dot float64
			for j, p := range truth {
				dot += float64(p) * float64(difference[j])
				gradient[j] += scale * (student[j]/sumS - p/sumT)
			}
			bits := dot/float64(sumT) - float64(topT-topS) - math.Log2(float64(sumT)/float64(sumS))
			losses[i] = d.Temperature * d.Temperature * math.Ln2 * bits
		}
	})
}
