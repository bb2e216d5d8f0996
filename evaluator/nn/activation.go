package nn

import (
	"math"

	"nas/space"
)

// activationForward: y[n] = act(x[n]), or act(x) * up where up is not nil. It leaves
// in x the derivative of y by x, and in up that by up, which is all that backward
// needs.
func activationForward[F Float](e *Exec[F], act space.Activation, y, x, up []F) {
	const chunk = 512
	e.parallel((len(x)+chunk-1)/chunk, func(worker, from, to int) {
		buffer := e.space(worker, chunk)
		for at := from * chunk; at < min(to*chunk, len(x)); at += chunk {
			n := min(chunk, len(x)-at)
			in, out := x[at:][:n], y[at:][:n]
			switch act {
			case space.ReLU:
				relu(out, in)
			case space.GELU:
				gelu(e, out, in, buffer[:n])
			case space.SiLU:
				silu(e, out, in, buffer[:n])
			default:
				panic("nn: activation " + act.String())
			}
			if up != nil {
				other := up[at:][:n]
				for j, u := range other {
					other[j] = out[j]
					in[j] *= u
					out[j] *= u
				}
			}
		}
	})
}

// activationBackward: dx[n] = dy[n] * x[n], x being the derivative that forward left,
// and so dup of up.
func activationBackward[F Float](e *Exec[F], dx, dup, dy, x, up []F) {
	e.parallel(len(x), func(_, from, to int) {
		if up != nil {
			for j, v := range up[from:to] {
				dup[from+j] = dy[from+j] * v
			}
		}
		for j, v := range x[from:to] {
			dx[from+j] = dy[from+j] * v
		}
	})
}

func relu[F Float](y, x []F) {
	for j, v := range x {
		y[j], x[j] = 0, 0
		if v > 0 {
			y[j], x[j] = v, 1
		}
	}
}

// silu: y = x s, its derivative s + y (1 - s), with s = 1 / (1 + e^-x).
func silu[F Float](e *Exec[F], y, x, buffer []F) {
	for j, v := range x {
		buffer[j] = -math.Log2E * v
	}
	e.exp2(buffer, 0)
	for j, v := range x {
		s := 1 / (1 + buffer[j])
		y[j] = v * s
		x[j] = s + y[j]*(1-s)
	}
}

// gelu: y = x Φ(x), its derivative Φ + x φ (Hendrycks & Gimpel 2016). In float32 Φ
// is by Abramowitz & Stegun 1964, formula 7.1.26, within 1e-7 of it.
func gelu[F Float](e *Exec[F], y, x, buffer []F) {
	if _, single := any(x).([]float32); !single {
		for j, v := range x {
			phi := F(math.Erfc(-float64(v)/math.Sqrt2) / 2)
			y[j] = v * phi
			x[j] = phi + v*F(math.Exp(-float64(v*v)/2)/math.Sqrt(2*math.Pi))
		}
		return
	}
	for j, v := range x {
		buffer[j] = -math.Log2E / 2 * v * v
	}
	e.exp2(buffer, 0)
	for j, v := range x {
		bell, u := buffer[j], max(v, -v)
		t := 1 / (1 + 0.3275911/math.Sqrt2*u)
		tail := t * (0.254829592 + t*(-0.284496736+t*(1.421413741+t*(-1.453152027+t*1.061405429)))) * bell / 2
		if v > 0 {
			tail = 1 - tail
		}
		y[j] = v * tail
		x[j] = tail + v*bell*(1/(math.Sqrt2*1.7724538509055159))
	}
}
