package results

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// marks draws the contents of a figure's axes, a plot.Plotter.
type marks struct{ *Figure }

const (
	dot  vg.Length = 1.6 // radius of a member
	near vg.Length = 1.7 // members closer than this, and of one colour, are one dot
)

// Plot draws from the back to the front.
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	at := func(x, y float64) vg.Point { return vg.Point{X: toX(clamp(x, m.X)), Y: toY(clamp(y, m.Y))} }
	for _, v := range m.X.Ticks() {
		c.StrokeLine2(draw.LineStyle{Color: hair, Width: 0.5}, toX(v), c.Min.Y, toX(v), c.Max.Y)
	}
	for _, v := range m.Y.Ticks() {
		c.StrokeLine2(draw.LineStyle{Color: hair, Width: 0.5}, c.Min.X, toY(v), c.Max.X, toY(v))
	}
	m.band(c, at)
	if m.Limit > 0 && m.Limit <= m.X.Max {
		x := toX(m.Limit)
		c.StrokeLine2(draw.LineStyle{Color: vermilion, Width: 0.9, Dashes: []vg.Length{4, 2}}, x, c.Min.Y, x, c.Max.Y)
		s := style(7.5, vermilion)
		s.XAlign, s.YAlign = draw.XRight, draw.YBottom
		c.FillText(s, vg.Point{X: x - 2, Y: c.Min.Y + 2}, "latency limit "+digits(m.Limit))
	}
	m.stairs(c, at)
	m.members(c, at)
	for _, b := range m.Bars {
		whisker(c, at(b.Low, b.Y), at(b.High, b.Y), ink)
		var shape vg.Path
		glyph(&shape, b.Kind, at(b.X, b.Y), dot)
		c.SetColor(ramp[m.step(b.Memory)])
		c.Fill(shape)
	}
	m.models(c, at)
}

func clamp(v float64, a Axis) float64 { return min(max(v, a.Min), a.Max) }

// band is what lies within the score's resolution of the best at each latency.
func (m marks) band(c draw.Canvas, at func(x, y float64) vg.Point) {
	if !m.Unsure || len(m.Stairs) == 0 {
		return
	}
	var upper, lower []vg.Point
	for i, s := range m.Stairs {
		until := m.X.Max
		if i+1 < len(m.Stairs) {
			until = m.Stairs[i+1].X
		}
		upper = append(upper, at(s.X, s.Y), at(until, s.Y))
		lower = append(lower, at(s.X, s.Floor), at(until, s.Floor))
	}
	slices.Reverse(lower)
	c.FillPolygon(shade, append(upper, lower...))
}

// stairs is the line of the best score at each latency.
func (m marks) stairs(c draw.Canvas, at func(x, y float64) vg.Point) {
	var line []vg.Point
	for i, s := range m.Stairs {
		if i > 0 {
			line = append(line, at(s.X, m.Stairs[i-1].Y))
		}
		line = append(line, at(s.X, s.Y))
	}
	if len(line) > 1 {
		c.StrokeLines(draw.LineStyle{Color: pale, Width: 0.8}, line)
	}
}

// whisker is an interval, set off from what lies below it.
func whisker(c draw.Canvas, from, to vg.Point, ink color.Color) {
	for _, s := range []draw.LineStyle{{Color: color.White, Width: 1.8}, {Color: ink, Width: 0.7}} {
		c.StrokeLine2(s, from.X, from.Y, to.X, to.Y)
		c.StrokeLine2(s, from.X, from.Y-1.5, from.X, from.Y+1.5)
		c.StrokeLine2(s, to.X, to.Y-1.5, to.X, to.Y+1.5)
	}
}

// members are drawn colour by colour, those that need much memory first.
func (m marks) members(c draw.Canvas, at func(x, y float64) vg.Point) {
	type cell struct{ x, y, step int }
	seen := map[cell]bool{}
	for step := len(ramp) - 1; step >= 0; step-- {
		var shape vg.Path
		for _, p := range m.Points {
			if m.step(p.Memory) != step {
				continue
			}
			v := at(p.X, p.Y)
			if here := (cell{int(v.X / near), int(v.Y / near), step}); !seen[here] {
				seen[here] = true
				glyph(&shape, p.Kind, v, dot)
			}
		}
		if len(shape) > 0 {
			c.SetColor(ramp[step])
			c.Fill(shape)
		}
	}
}

// step is the colour of an amount of memory.
func (f *Figure) step(memory float64) int {
	share := (memory - f.Memory.Min) / (f.Memory.Max - f.Memory.Min)
	return min(max(int(share*float64(len(ramp))), 0), len(ramp)-1)
}

// glyph is a disc for predicted, a square for what ran and a triangle for modelled.
func glyph(p *vg.Path, k Kind, at vg.Point, r vg.Length) {
	corners := func(list ...vg.Point) {
		p.Move(at.Add(list[0].Scale(r)))
		for _, v := range list[1:] {
			p.Line(at.Add(v.Scale(r)))
		}
	}
	switch k {
	case Measured, OverLimit:
		corners(vg.Point{X: -1, Y: -1}, vg.Point{X: 1, Y: -1}, vg.Point{X: 1, Y: 1}, vg.Point{X: -1, Y: 1})
	case Modelled:
		corners(vg.Point{X: -1.2, Y: -0.8}, vg.Point{X: 1.2, Y: -0.8}, vg.Point{X: 0, Y: 1.3})
	default:
		p.Move(vg.Point{X: at.X + r, Y: at.Y})
		p.Arc(at, r, 0, 2*math.Pi)
	}
	p.Close()
}

// models are the references, named beside their diamonds.
func (m marks) models(c draw.Canvas, at func(x, y float64) vg.Point) {
	var taken []vg.Rectangle
	for _, r := range m.Models {
		v := at(r.X, r.Y)
		taken = append(taken, vg.Rectangle{Min: v.Sub(vg.Point{X: 3, Y: 3}), Max: v.Add(vg.Point{X: 3, Y: 3})})
	}
	s := style(8, vermilion)
	for _, r := range m.Models {
		v := at(r.X, r.Y)
		whisker(c, at(r.Low, r.Y), at(r.High, r.Y), vermilion)
		diamond(c, v, r.Over)
		w, h := s.Width(r.Name), s.Height(r.Name)
		for _, corner := range []vg.Point{{X: v.X - w/2, Y: v.Y - h - 4}, {X: v.X - w/2, Y: v.Y + 4}, {X: v.X - w - 6, Y: v.Y - h/2}, {X: v.X + 6, Y: v.Y - h/2}} {
			box := vg.Rectangle{Min: corner, Max: corner.Add(vg.Point{X: w, Y: h})}
			free := box.Min.X >= c.Min.X && box.Max.X <= c.Max.X && box.Min.Y >= c.Min.Y && box.Max.Y <= c.Max.Y &&
				!slices.ContainsFunc(taken, func(o vg.Rectangle) bool {
					return box.Min.X < o.Max.X && o.Min.X < box.Max.X && box.Min.Y < o.Max.Y && o.Min.Y < box.Max.Y
				})
			if free {
				taken = append(taken, box)
				c.FillPolygon(color.NRGBA{255, 255, 255, 200}, []vg.Point{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}})
				c.FillText(s, corner, r.Name)
				break
			}
		}
	}
}

// diamond is the sign of a reference, hollow where it is over a limit.
func diamond(c draw.Canvas, at vg.Point, hollow bool) {
	var corners []vg.Point
	for _, d := range []vg.Point{{X: -3.2}, {Y: 3.2}, {X: 3.2}, {Y: -3.2}, {X: -3.2}} {
		corners = append(corners, at.Add(d))
	}
	if hollow {
		c.FillPolygon(color.White, corners)
		c.StrokeLines(draw.LineStyle{Color: vermilion, Width: 1}, corners)
		return
	}
	c.FillPolygon(vermilion, corners)
}

// drawKey draws the colours of memory and the signs of kinds and references.
func (f *Figure) drawKey(c draw.Canvas) {
	s := style(8, ink)
	line := 4.2 * vg.Millimeter
	y := c.Max.Y
	put := func(text string) {
		s.YAlign = draw.YCenter
		c.FillText(s, vg.Point{X: c.Min.X + 8, Y: y}, text)
		y -= line
	}
	for _, k := range []Kind{Measured, OverLimit, Predicted, Modelled} {
		if !slices.ContainsFunc(f.Points, func(p Point) bool { return p.Kind == k }) {
			continue
		}
		var shape vg.Path
		glyph(&shape, k, vg.Point{X: c.Min.X + 2, Y: y}, 2.4)
		c.SetColor(ramp[len(ramp)/2])
		c.Fill(shape)
		put(string(k))
	}
	if len(f.Models) > 0 {
		diamond(c, vg.Point{X: c.Min.X + 2, Y: y}, false)
		put("reference")
	}
	if slices.ContainsFunc(f.Models, func(p Point) bool { return p.Over }) {
		diamond(c, vg.Point{X: c.Min.X + 2, Y: y}, true)
		put("over a limit")
	}
	if len(f.Points) == 0 {
		return
	}
	y -= 2
	c.FillText(style(8, ink), vg.Point{X: c.Min.X, Y: y - 6}, f.Memory.Label)
	y -= 12
	bar := draw.Crop(c, 0, 0, 0, 0)
	bar.Max.Y, bar.Max.X = y, c.Min.X+8
	height := min(bar.Max.Y-bar.Min.Y-4, 45*vg.Millimeter)
	for i := range ramp {
		low := y - height + height*vg.Length(i)/vg.Length(len(ramp))
		c.FillPolygon(ramp[i], []vg.Point{{X: bar.Min.X, Y: low}, {X: bar.Max.X, Y: low}, {X: bar.Max.X, Y: low + height/vg.Length(len(ramp))}, {X: bar.Min.X, Y: low + height/vg.Length(len(ramp))}})
	}
	s = style(7.5, ink)
	s.YAlign = draw.YCenter
	for i := 0; i <= len(ramp); i += 2 {
		v := f.Memory.Min + (f.Memory.Max-f.Memory.Min)*float64(i)/float64(len(ramp))
		text := digits(math.Round(v*100) / 100)
		if i == len(ramp) && f.MemoryLimit {
			text += " limit"
		}
		c.FillText(s, vg.Point{X: bar.Max.X + 4, Y: y - height + height*vg.Length(i)/vg.Length(len(ramp))}, text)
	}
}
