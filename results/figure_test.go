package results

import (
	"bytes"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nas/space"
)

// The figure of five members whose numbers are known.
func TestFigure(t *testing.T) {
	arch := space.References(space.Encoder)[0].Arch
	made := func(score, ms float64, mib float64) Candidate {
		return Candidate{Arch: arch, Score: score, ScoreResolution: score / 4, LatencyNS: ms * 1e6, LatencyLow: ms * 0.9e6, LatencyHigh: ms * 1.5e6,
			LatencyKind: Predicted, MemoryBytes: int64(mib * (1 << 20))}
	}
	named := func(name string, c Candidate) Candidate { c.Name = name; return c }
	r := &Report{
		Front:      []Candidate{made(100, 20, 8), made(60, 5, 6), made(55, 10, 5), made(20, 1, 3), made(10, 2, 2)},
		References: []Candidate{named("near", made(70, 40, 20)), named("far", made(90, 61, 20))},
		Conditions: Conditions{ScoreUnit: "points", Limits: Limits{LatencyNS: 25e6, MemoryBytes: 10 << 20}},
		Warnings:   []string{"busy"},
	}
	f := NewFigure(r)
	var stairs [][3]float64
	for _, p := range f.Stairs {
		stairs = append(stairs, [3]float64{p.X, p.Y, p.Floor})
	}
	if diff := cmp.Diff([][3]float64{{1, 20, 15}, {5, 60, 45}, {20, 100, 75}}, stairs); diff != "" {
		t.Errorf("stairs (-want +got):\n%s", diff)
	}
	var memory []float64
	for _, p := range f.Points {
		memory = append(memory, p.Memory)
	}
	if diff := cmp.Diff([]float64{8, 6, 5, 3, 2}, memory); diff != "" {
		t.Errorf("order of drawing (-want +got):\n%s", diff)
	}
	if len(f.Models) != 1 || f.Models[0].Name != "near" || !f.Models[0].Over || f.Stairs[0].Over || len(f.Beyond) != 1 || f.Beyond[0] != "far (61 ms, 90)" {
		t.Errorf("models %v, beyond %v", f.Models, f.Beyond)
	}
	if f.Limit != 25 || !f.MemoryLimit || f.Memory.Max != 10 || f.Memory.Min != 2 || !f.Unsure {
		t.Errorf("limit %v, memory %v, unsure %t", f.Limit, f.Memory, f.Unsure)
	}
	if b := f.Stairs[0]; b.Low != 0.9 || b.High != 1.5 || len(f.Bars) != 3 {
		t.Errorf("bars %v", f.Bars)
	}
	if !f.X.Log || f.X.Min >= 1 || f.X.Max <= 40 || f.X.Label != "latency ms, predicted" {
		t.Errorf("horizontal axis %v", f.X)
	}
	if f.Y.Log || f.Y.Label != "score: points" { // 10…100 is no more than a factor of ten
		t.Errorf("vertical axis %v", f.Y)
	}
	for memory, want := range map[float64]int{2: 0, 2.99: 0, 3: 1, 8: 6, 10: 7} {
		if got := f.step(memory); got != want {
			t.Errorf("memory %v has step %d, want %d", memory, got, want)
		}
	}
}

func TestAxis(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		log    bool
		ticks  []float64
	}{
		"nothing":     {nil, false, []float64{0, .2, .4, .6, .8, 1}},
		"one value":   {[]float64{4}, false, []float64{2, 3, 4, 5, 6}},
		"zero":        {[]float64{0}, false, []float64{-1, -.5, 0, .5, 1}},
		"linear":      {[]float64{1, 9}, false, []float64{2, 4, 6, 8}},
		"negative":    {[]float64{-90, 10}, false, []float64{-80, -60, -40, -20, 0}},
		"logarithmic": {[]float64{1, 60}, true, []float64{1, 2, 5, 10, 20, 50}},
		"decades":     {[]float64{1, 1e5}, true, []float64{1, 10, 100, 1000, 1e4, 1e5}},
		"with zero":   {[]float64{0, 100}, false, []float64{0, 20, 40, 60, 80, 100}},
	} {
		a := newAxis("x", c.values, true)
		got := a.Ticks()
		if a.Log != c.log || len(got) != len(c.ticks) {
			t.Errorf("%s: %+v: ticks %v, want %v", name, a, got, c.ticks)
			continue
		}
		for i := range got {
			if math.Abs(got[i]-c.ticks[i]) > 1e-9 {
				t.Errorf("%s: ticks %v, want %v", name, got, c.ticks)
			}
		}
	}
}

func TestPicturesGolden(t *testing.T) {
	for name, r := range map[string]*Report{
		"encoder-compact-few":       sample(t, "encoder-compact", 5),
		"decoder-compact-many":      sample(t, "decoder-compact", 30),
		"encoder-compact-empty":     sample(t, "encoder-compact", 0),
		"encoder-compact-latencies": several(sample(t, "encoder-compact", 5)),
	} {
		for _, format := range []string{"svg", "latex"} {
			var b bytes.Buffer
			if err := Write(&b, format, r, Options{}); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, name+"."+format, b.Bytes())
		}
	}
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "png", sample(t, "encoder-compact", 9), Options{}); err != nil {
		t.Fatal(err)
	}
	image, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if size := image.Bounds().Size(); size.X != 1077 || size.Y != 709 {
		t.Errorf("%v pixels", size)
	}
}

// A picture of thousands stays small.
func TestPictureOfThousands(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "svg", sample(t, "encoder-compact", 3000), Options{}); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 320e3 {
		t.Errorf("%d bytes", b.Len())
	}
}

func TestLaTeXEscapes(t *testing.T) {
	got := latexEscape(`a_b & 50 % of $x^2 ~ {y} \ #1 <µs> ≤ 3×4–5`)
	want := `a\_b \& 50 \% of \$x\textasciicircum{}2 $\sim$ \{y\} \textbackslash{} \#1 $<$$\mu$s$>$ $\leq$ 3$\times$4--5`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r := sample(t, "encoder-compact", 2)
	r.References[0].Name = `x} \input{y}`
	var b bytes.Buffer
	if err := WriteLaTeX(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), `\input`) {
		t.Error("a name of the file is a command of the table")
	}
}
