package results

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"nas/search"
)

// pairsShown is how many beaten members of a front the forms for people show.
const pairsShown = 8

// WriteDuel writes d as table, md or json.
func WriteDuel(w io.Writer, format string, d *Duel) error {
	switch format {
	case "table":
		return d.sheet().writeTerminal(w)
	case "md":
		return d.sheet().writeMarkdown(w)
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", " ")
		return encoder.Encode(d)
	}
	return fmt.Errorf("results: format %.20q: comparisons are written as table, md or json", format)
}

func (d *Duel) sheet() sheet {
	letters := [2]string{"A", "B"}
	var s sheet
	for i, side := range d.Sides {
		line := letters[i] + "  " + side.Name
		if c := side.conditions; c.Tool != "" {
			line += ": " + c.Space
			if c.Evaluations > 0 {
				line += fmt.Sprintf(", %s, seed %d", Counted(c.Evaluations, "evaluation"), c.Seed)
			}
		}
		s.above = append(s.above, line)
	}
	var g grid
	for i, side := range d.Sides {
		g.row()
		g.words("front", letters[i])
		g.number("members", strconv.Itoa(side.Members))
		if side.Hypervolume >= 0 {
			g.number("hypervolume", strconv.FormatFloat(side.Hypervolume, 'f', 6, 64))
		}
		g.number("covers of the other", fmt.Sprintf("%.1f %%", 100*side.Covers))
		g.number("beaten by the other", strconv.Itoa(len(side.Beaten)))
		g.number("by 1 % or more", strconv.Itoa(side.Clearly))
		for k, name := range d.Objectives {
			word := "least "
			if name == search.Score {
				word = "best "
			}
			g.number(word+name, d.show(k, side.Best[k]))
		}
	}
	s.grids = []grid{g, d.pairs(letters)}
	s.below = d.verdict(letters)
	return s
}

// show is a value of an objective for people.
func (d *Duel) show(k int, v float64) string {
	if v < 0 {
		return "-" + d.show(k, -v)
	}
	switch d.Objectives[k] {
	case search.Score, search.Params:
		return Count(v)
	case search.Memory, search.Flash:
		return Bytes(int64(v))
	}
	return Duration(v)
}

// pairs shows who is beaten by whom.
func (d *Duel) pairs(letters [2]string) (g grid) {
	for side, s := range d.Sides {
		clearest := slices.Clone(s.Beaten)
		slices.SortStableFunc(clearest, func(a, b Beaten) int { return cmp.Compare(slices.Max(b.Gains), slices.Max(a.Gains)) })
		for _, b := range clearest[:min(len(clearest), pairsShown)] {
			g.row()
			g.words("beaten", fmt.Sprintf("%s %d", letters[side], b.Member+1))
			c := &d.fronts[side][b.Member]
			v := values(c, objectivesNamed(d.Objectives))
			for k, name := range d.Objectives {
				g.number(name, d.show(k, v[k]))
			}
			g.words("by", fmt.Sprintf("%s %d", letters[1-side], b.By+1))
			for k, name := range d.Objectives {
				sign := "-"
				if name == search.Score {
					sign = "+"
				}
				text := "="
				if b.Gains[k] > 0 {
					text = fmt.Sprintf("%s%.2g %%", sign, 100*b.Gains[k])
				}
				g.number(name+" %", strings.TrimSuffix(text, " %"))
			}
			g.words("architecture of the beaten", c.Arch.String())
		}
	}
	return g
}

func objectivesNamed(names []string) (list []search.Objective) {
	for _, name := range names {
		list = append(list, search.Objective{Name: name})
	}
	return list
}

// verdict is the comparison in sentences.
func (d *Duel) verdict(letters [2]string) []string {
	a, b := d.Sides[0], d.Sides[1]
	lines := []string{fmt.Sprintf("members      %d of A's %d are on B too", d.Both, a.Members)}
	switch {
	case a.Hypervolume < 0:
		lines = append(lines, fmt.Sprintf("hypervolume  not computed for %s", Counted(len(d.Objectives), "objective")))
	case a.Hypervolume == b.Hypervolume:
		lines = append(lines, "hypervolume  the same")
	default:
		better, worse, more := a, b, 0
		if b.Hypervolume > a.Hypervolume {
			better, worse, more = b, a, 1
		}
		lines = append(lines, fmt.Sprintf("hypervolume  %s reaches %.6f of %s's", letters[1-more], worse.Hypervolume/better.Hypervolume, letters[more]))
	}
	if a.Hypervolume >= 0 {
		var point []string
		for k, name := range d.Objectives {
			point = append(point, name+" "+d.show(k, d.Reference[k]))
		}
		if len(d.Objectives) > 3 {
			lines[len(lines)-1] += " (estimates, for more than three objectives)"
		}
		lines[len(lines)-1] += fmt.Sprintf("; shares of the box from the best of both to a tenth of the range behind the worst: %s", strings.Join(point, ", "))
	}
	lines = append(lines, "covers       the share of the other's members that a member here equals or beats in every objective",
		"beaten       a member of the other front is as good in every objective and better in one")
	if max(len(a.Beaten), len(b.Beaten)) > pairsShown {
		lines[len(lines)-1] += fmt.Sprintf("; the %d clearest of each are shown, --format json holds all", pairsShown)
	}
	for _, text := range d.Warnings {
		lines = append(lines, "warning      "+text)
	}
	return lines
}
