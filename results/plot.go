package results

import (
	"bytes"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Size of a picture.
const (
	plotWidth  = 190 * vg.Millimeter
	plotHeight = 125 * vg.Millimeter
	plotDPI    = 144
)

// Colours: of memory from little to much (viridis without its pale end; van der Walt
// & Smith 2015), and of the rest (Okabe & Ito 2008). Both sets are told apart by the
// colour-blind.
var (
	ramp = []color.RGBA{{0x6d, 0xcd, 0x59, 255}, {0x35, 0xb7, 0x79, 255}, {0x1f, 0x9e, 0x89, 255}, {0x26, 0x82, 0x8e, 255},
		{0x31, 0x68, 0x8e, 255}, {0x3e, 0x49, 0x89, 255}, {0x48, 0x28, 0x78, 255}, {0x44, 0x01, 0x54, 255}}
	vermilion = color.RGBA{0xd5, 0x5e, 0x00, 255}
	ink       = color.RGBA{0x26, 0x2b, 0x33, 255}
	pale      = color.RGBA{0x8a, 0x92, 0x9e, 255}
	hair      = color.RGBA{0xe6, 0xe9, 0xed, 255}
	shade     = color.RGBA{0xf0, 0xec, 0xe0, 255}
)

// WriteSVG draws f as SVG.
func WriteSVG(w io.Writer, f *Figure) error {
	c := vgsvg.New(plotWidth, plotHeight)
	f.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	// Where the fonts are missing others of the same widths serve.
	_, err := io.WriteString(w, strings.ReplaceAll(b.String(), "font-family:Liberation Sans;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	return err
}

// WritePNG draws f as PNG.
func WritePNG(w io.Writer, f *Figure) error {
	c := vgimg.NewWith(vgimg.UseWH(plotWidth, plotHeight), vgimg.UseDPI(plotDPI))
	f.draw(draw.New(c))
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(w, c.Image())
}

func style(size vg.Length, c color.Color) draw.TextStyle {
	return draw.TextStyle{Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Handler: plot.DefaultTextHandler}
}

// draw lays out title, plot, key and notes.
func (f *Figure) draw(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, 4*vg.Millimeter, -4*vg.Millimeter, 3*vg.Millimeter, -4*vg.Millimeter)
	top := c.Max.Y
	put := func(s draw.TextStyle, line string) {
		s.YAlign = draw.YTop
		c.FillText(s, vg.Point{X: c.Min.X, Y: top}, line)
		top -= s.Height(line) + 1.2*vg.Millimeter
	}
	bold := style(13, ink)
	bold.Font.Weight = 3 // bold
	put(bold, f.Title)
	for _, line := range f.Lines {
		put(style(8.5, pale), line)
	}
	bottom := c.Min.Y
	notes := style(7, pale)
	for i := len(f.Notes) - 1; i >= 0; i-- {
		for _, line := range reversed(wrapped(notes, f.Notes[i], c.Max.X-c.Min.X)) {
			c.FillText(notes, vg.Point{X: c.Min.X, Y: bottom}, line)
			bottom += notes.Height(line) + 0.8*vg.Millimeter
		}
	}
	const key = 24 * vg.Millimeter
	body := draw.Crop(c, 0, 0, bottom-c.Min.Y+2*vg.Millimeter, top-c.Max.Y-vg.Millimeter)
	vertical := style(9, ink) // above its axis, where it reads without turning the head
	vertical.YAlign = draw.YTop
	c.FillText(vertical, vg.Point{X: body.Min.X, Y: body.Max.Y}, f.Y.Label)
	body.Max.Y -= vertical.Height(f.Y.Label) + 2*vg.Millimeter
	f.plot().Draw(draw.Crop(body, 0, -key, 0, 0))
	f.drawKey(draw.Crop(body, body.Max.X-body.Min.X-key+3*vg.Millimeter, 0, 12*vg.Millimeter, -2*vg.Millimeter))
}

// plot is the axes with everything between them.
func (f *Figure) plot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	for _, a := range []struct {
		to   *plot.Axis
		from Axis
		name func(float64) string
	}{{&p.X, f.X, digits}, {&p.Y, f.Y, short}} {
		a.to.Min, a.to.Max = a.from.Min, a.from.Max
		a.to.Scale, a.to.Tick.Marker = plot.LinearScale{}, ticks{a.from, a.name}
		if a.from.Log {
			a.to.Scale = plot.LogScale{}
		}
		label, tick := a.to.Label.TextStyle, a.to.Tick.Label
		a.to.Label.TextStyle, a.to.Tick.Label = style(9, ink), style(8, ink)
		a.to.Label.TextStyle.XAlign, a.to.Label.TextStyle.YAlign, a.to.Label.TextStyle.Rotation = label.XAlign, label.YAlign, label.Rotation
		a.to.Tick.Label.XAlign, a.to.Tick.Label.YAlign = tick.XAlign, tick.YAlign
		a.to.LineStyle = draw.LineStyle{Color: pale, Width: 0.6}
		a.to.Tick.LineStyle = draw.LineStyle{Color: pale, Width: 0.6}
		a.to.Tick.Length, a.to.Padding = 3, 0
	}
	p.X.Label.Text, p.X.Label.Padding = f.X.Label, vg.Millimeter
	p.Add(marks{f})
	return p
}

// ticks are at 1, 2 and 5 times powers of ten on a logarithmic axis, at four to
// eight round steps on a linear one.
type ticks struct {
	axis Axis
	name func(float64) string
}

func (t ticks) Ticks(low, high float64) (list []plot.Tick) {
	for _, v := range t.axis.Ticks() {
		list = append(list, plot.Tick{Value: v, Label: t.name(v)})
	}
	return list
}

func reversed(lines []string) []string {
	slices.Reverse(lines)
	return lines
}

// wrapped is text in lines of at most width.
func wrapped(s draw.TextStyle, text string, width vg.Length) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && s.Width(longer) > width {
			lines, longer = append(lines, line), word
		}
		line = longer
	}
	return append(lines, line)
}
