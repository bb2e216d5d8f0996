package results

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"strings"
)

// Page is a front as one HTML file that works without a network.
type Page struct {
	Report   *Report
	Splits   []Split      // one a latency, or none
	Measured *Comparisons // models that ran; may be nil
}

// Split is where one of a front's latencies goes.
type Split struct {
	*Breakdown        // of the report's Models; nil: see Why
	Why        string // there is none
}

//go:embed page
var pageFiles embed.FS

// Scripts of the page in the order in which they run.
var pageScripts = []string{"values", "svg", "axis", "scatter", "member", "parallel", "history", "measured", "table", "main"}

// WritePage writes p.
func WritePage(w io.Writer, p *Page) error {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data) // escapes <, > and &: the text cannot end its element
	if err := encoder.Encode(newPageData(p)); err != nil {
		return fmt.Errorf("results: page: %w", err)
	}
	var script strings.Builder
	for _, name := range pageScripts {
		script.Write(pageFile(name + ".js"))
	}
	text := strings.NewReplacer("{{title}}", html.EscapeString(p.title()), "{{style}}", string(pageFile("page.css")),
		"{{data}}", data.String(), "{{script}}", script.String()).Replace(string(pageFile("page.html")))
	_, err := io.WriteString(w, text)
	return err
}

func pageFile(name string) []byte {
	data, err := fs.ReadFile(pageFiles, "page/"+name)
	if err != nil {
		panic(err) // embedded
	}
	return data
}

func (p *Page) title() string {
	c := p.Report.Conditions
	title := "Pareto front"
	if c.Space != "" {
		title = c.Space
	}
	if limits := c.Limits.words(); limits != "" {
		title += ", " + limits
	}
	return title
}
