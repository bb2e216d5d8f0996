package results

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A page has no room for some columns, which CSV and JSON hold, and little for others.
var (
	latexWithout = []string{"interval", "weights", "arena", "kv", "beaten"}
	latexWraps   = map[string]string{"heads": "24mm", "ffn": "30mm"}
)

// WriteLaTeX writes r as a table for LaTeX with the package booktabs. Ties and
// beaten references are marked and explained, conditions are the caption.
func WriteLaTeX(w io.Writer, r *Report, o Options) error {
	shown := r.shown(o)
	units := newLayout(r.Front, layout{})
	units.named = units.named || len(r.References) > 0
	g := units.grid(slices.Concat(shown, r.References))
	var b strings.Builder
	b.WriteString("% \\usepackage{booktabs,array}\n\\begin{table*}\n\\centering\n\\footnotesize\n")
	fmt.Fprintf(&b, "\\caption{%s}\n", latexEscape(r.latexCaption(len(shown))))
	b.WriteString("\\label{tab:front}\n\\setlength{\\tabcolsep}{3.5pt}\n\\begin{tabular}{@{}")
	var columns []int
	for i, header := range g.header {
		name, _ := parted(header)
		if slices.Contains(latexWithout, name) || name == "flash" && r.Conditions.Limits.FlashBytes == 0 {
			continue
		}
		columns = append(columns, i)
		switch {
		case latexWraps[name] != "":
			fmt.Fprintf(&b, ">{\\raggedright\\arraybackslash}p{%s}", latexWraps[name])
		case g.right[i]:
			b.WriteString("r")
		default:
			b.WriteString("l")
		}
	}
	b.WriteString("@{}}\n\\toprule\n")
	line := func(cell func(column int) string) {
		var cells []string
		for _, i := range columns {
			cells = append(cells, latexEscape(cell(i)))
		}
		b.WriteString(strings.Join(cells, " & ") + " \\\\\n")
	}
	line(func(i int) string { name, _ := parted(g.header[i]); return name })
	line(func(i int) string { _, unit := parted(g.header[i]); return unit })
	b.WriteString("\\midrule\n")
	for n := range g.rows {
		if n == len(shown) && n > 0 {
			b.WriteString("\\midrule\n")
		}
		line(func(i int) string {
			if n >= len(shown) && i == 0 && r.References[n-len(shown)].Dominated {
				return g.rows[n][i] + "†"
			}
			return g.rows[n][i]
		})
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n\\end{table*}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// parted is the two lines of a column's head: its name and its unit.
func parted(header string) (name, below string) {
	i := strings.LastIndexByte(header, ' ')
	switch {
	case i < 0:
		return header, ""
	case header == "head width":
		return "head", "width"
	}
	return header[:i], "(" + header[i+1:] + ")"
}

// latexCaption is conditions and notes as sentences.
func (r *Report) latexCaption(shown int) string {
	s := "Pareto front"
	if c := r.Conditions; c.Tool != "" {
		s += fmt.Sprintf(" of %s (%v) on %s, kernel level %s, %s", c.Space, c.Workload, c.Device, c.Level, Counted(c.Threads, "thread"))
		if limits := c.Limits.words(); limits != "" {
			s += "; " + limits
		}
		s += fmt.Sprintf("; score: %s", c.ScoreUnit)
	}
	s += "."
	if shown < len(r.Front) {
		s += fmt.Sprintf(" %d of %d members, well spread over the objectives.", shown, len(r.Front))
	}
	all := slices.Concat(r.Front, r.References)
	for _, k := range []struct {
		kind  Kind
		words string
	}{{Measured, "Latency measured: the whole model ran."}, {OverLimit, "!: the whole model ran, and took longer than its limit."}, {Predicted, "Latency predicted: a sum of measured ops, undisturbed."}, {Modelled, "Latency modelled, not measured."}} {
		if slices.ContainsFunc(all, func(c Candidate) bool { return c.LatencyKind == k.kind }) {
			s += " " + k.words
		}
	}
	if slices.ContainsFunc(all, func(c Candidate) bool { return c.Tie }) {
		s += " ~: the score cannot tell this member from its neighbour."
	}
	if slices.ContainsFunc(r.References, func(c Candidate) bool { return c.Dominated }) {
		s += " †: a member of the front is as good in every objective and better in one."
	}
	return s
}

var latex = strings.NewReplacer(`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "$", `\$`, "&", `\&`, "#", `\#`, "%", `\%`, "_", `\_`,
	"^", `\textasciicircum{}`, "~", `$\sim$`, "<", `$<$`, ">", `$>$`, "≤", `$\leq$`, "×", `$\times$`, "–", "--", "µ", `$\mu$`, "·", `$\cdot$`,
	"†", `$^{\dagger}$`, "…", `\ldots{}`, "\n", " ", "\r", " ")

func latexEscape(s string) string { return latex.Replace(s) }
