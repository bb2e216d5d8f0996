package results

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	glyphs "gonum.org/v1/plot/vg/draw"

	"nas/internal/atomicfile"
)

// agreementPoint is a model in the picture of an agreement, in the picture's unit.
type agreementPoint struct {
	predicted, low, high, measured float64
}

// agreementPlot is what the picture shows.
type agreementPlot struct {
	title, unit string
	points      []agreementPoint
	low, high   float64 // of both axes
}

func (v *Validation) plot() agreementPlot {
	longest := 0.0
	for _, r := range v.Runs {
		longest = max(longest, r.Measured, r.High)
	}
	unit := fit(timeScales, longest)
	p := agreementPlot{unit: unit.name, low: math.Inf(1),
		title: fmt.Sprintf("%s, %v\n%s, %s, %s\nMAPE %.2f %%, within ±5 %%: %.4g %%, tau %.4f", v.Conditions.Space, v.Conditions.Workload,
			v.Conditions.Device, v.Conditions.Level, Counted(v.Conditions.Threads, "thread"), v.MAPE, v.Within5, v.Tau)}
	for _, r := range v.Runs {
		a := agreementPoint{r.Predicted / unit.factor, r.Low / unit.factor, r.High / unit.factor, r.Measured / unit.factor}
		p.points = append(p.points, a)
		p.low, p.high = min(p.low, a.low, a.measured), max(p.high, a.high, a.measured)
	}
	return p
}

// DrawAgreement draws predicted against measured, with the 90 % intervals and the
// lines of ±5 %, on logarithmic axes, into a file .svg or .png.
func DrawAgreement(path string, v *Validation) error {
	if len(v.Runs) == 0 {
		return fmt.Errorf("results: nothing to draw")
	}
	p, err := v.plot().draw()
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	w, err := p.WriterTo(14*vg.Centimeter, 14*vg.Centimeter, strings.TrimPrefix(filepath.Ext(path), "."))
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	var data bytes.Buffer
	if _, err := w.WriteTo(&data); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	return atomicfile.Write(path, data.Bytes())
}

func (a agreementPlot) draw() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = a.title
	p.X.Label.Text, p.Y.Label.Text = "measured "+a.unit, "predicted "+a.unit
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		axis.Min, axis.Max = a.low*0.9, a.high*1.1
	}
	for _, line := range []struct {
		factor float64
		dashed bool
	}{{1, false}, {0.95, true}, {1.05, true}} {
		l, err := plotter.NewLine(plotter.XYs{{X: a.low * 0.9, Y: a.low * 0.9 * line.factor}, {X: a.high * 1.1, Y: a.high * 1.1 * line.factor}})
		if err != nil {
			return nil, err
		}
		l.Color = color.Gray{Y: 150}
		if line.dashed {
			l.Dashes = []vg.Length{vg.Points(3), vg.Points(3)}
		}
		p.Add(l)
	}
	points := make(plotter.XYs, len(a.points))
	bars := make(plotter.YErrors, len(a.points))
	for i, r := range a.points {
		points[i] = plotter.XY{X: r.measured, Y: r.predicted}
		bars[i].Low, bars[i].High = r.predicted-r.low, r.high-r.predicted
	}
	errors, err := plotter.NewYErrorBars(struct {
		plotter.XYs
		plotter.YErrors
	}{points, bars})
	if err != nil {
		return nil, err
	}
	dots, err := plotter.NewScatter(points)
	if err != nil {
		return nil, err
	}
	dots.GlyphStyle = glyphs.GlyphStyle{Color: color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}, Radius: vg.Points(2), Shape: glyphs.CircleGlyph{}}
	errors.Color = dots.Color
	p.Add(errors, dots)
	return p, nil
}
