package results

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nas/space"
)

// NAS_PAGE=report.html NAS_SHOTS=folder go test ./results -run TestScreenshots takes
// pictures of a page.
func TestScreenshots(t *testing.T) {
	page, folder := os.Getenv("NAS_PAGE"), os.Getenv("NAS_SHOTS")
	if page == "" || folder == "" {
		t.Skip("NAS_PAGE and NAS_SHOTS are not set")
	}
	b := openBrowser(t)
	for _, view := range []struct {
		name          string
		width, height int
		dark          bool
	}{{"wide", 1280, 900, false}, {"narrow", 400, 800, false}, {"dark", 1280, 900, true}} {
		b.size(view.width, view.height, view.dark)
		b.open("about:blank") // a page does not load again for another fragment
		b.open("file://" + page + "#member=900")
		if err := os.WriteFile(filepath.Join(folder, view.name+".png"), b.shot(), 0o666); err != nil {
			t.Fatal(err)
		}
		b.quiet()
	}
}

// openPage writes a page and opens it from the disk.
func openPage(t *testing.T, b *browser, p *Page, fragment string) {
	t.Helper()
	var text bytes.Buffer
	if err := WritePage(&text, p); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	b.open("file://" + filepath.ToSlash(path) + fragment)
}

// quiet holds the page to no word on the console, no error and no request but its own.
func (b *browser) quiet() {
	b.t.Helper()
	for _, m := range b.seen {
		switch m.Method {
		case "Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled":
			b.t.Errorf("%s: %.500s", m.Method, m.Params)
		case "Network.requestWillBeSent":
			var r struct{ Request struct{ URL string } }
			json.Unmarshal(m.Params, &r)
			if !strings.HasPrefix(r.Request.URL, "file:") && !strings.HasPrefix(r.Request.URL, "data:") {
				b.t.Errorf("the page asks for %s", r.Request.URL)
			}
		}
	}
}

// full is a page with everything on it.
func full(r *Report) *Page {
	p := &Page{Report: r}
	all := r.Models()
	times := func(*space.Program) func(space.Op) float64 {
		return func(o space.Op) float64 { return 10 + float64(o.MACs())/1e3 }
	}
	for range r.latencies() {
		p.Splits = append(p.Splits, Split{Breakdown: NewBreakdown(all, r.Conditions.Workload, 100, times)})
	}
	p.Measured = &Comparisons{}
	for _, c := range []Candidate{r.Front[0], r.Front[len(r.Front)/2], r.Front[len(r.Front)-1]} {
		p.Measured.Members = append(p.Measured.Members, Comparison{Candidate: c, Floor: c.LatencyNS * 1.02, Median: c.LatencyNS * 1.1, Low: c.LatencyNS * 1.05, High: c.LatencyNS * 1.3, Rounds: 9, Confirmed: 3})
	}
	return p
}

func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := openBrowser(t)
	heading := func() string { return b.evaluate("document.getElementById('member-h').textContent") }
	place := func(selector string) (x, y float64) {
		t.Helper()
		var at []float64
		text := b.evaluate("(() => { const e = document.querySelector('" + selector + "'); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return JSON.stringify([r.x + r.width / 2, r.y + r.height / 2]); })()")
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return at[0], at[1]
	}

	b.size(1280, 900, false)
	openPage(t, b, full(sample(t, "encoder-compact", 3000)), "")
	if got := heading(); got != "Member 1 of 3000" {
		t.Fatalf("at first: %q", got)
	}
	// A click on the lowest point of the stairs: the member of least latency.
	place("#scatter .stairs")
	var start []float64
	json.Unmarshal([]byte(b.evaluate("(() => { const p = document.querySelector('#scatter .stairs'), q = p.getPointAtLength(0), m = p.getScreenCTM(); return JSON.stringify([q.x + m.e, q.y + m.f]); })()")), &start)
	b.click(start[0], start[1])
	least := heading()
	if least == "Member 1 of 3000" {
		t.Errorf("a click at %v selects nothing", start)
	}
	// What the arithmetic of the page says of the least latency, the chosen member has.
	if got, want := b.evaluate("document.querySelector('#figures div:nth-child(2) dd').firstChild.textContent"), b.evaluate("document.querySelector('#tip').textContent.match(/latency ([^ ]+ [^ ]+)/)[1]"); got != want {
		t.Errorf("the member shown has latency %s, the one below the pointer %s", got, want)
	}
	if got := b.evaluate("location.hash"); !strings.HasPrefix(got, "#member=") {
		t.Errorf("fragment %q", got)
	}
	x, y := place("#scatter .reference")
	b.click(x, y)
	if got := heading(); !strings.Contains(got, "BERT") {
		t.Errorf("a click on a reference model selects %q", got)
	}
	// What the search saw besides can be switched off in the legend, and be looked at.
	drawn := func(class string) string {
		return b.evaluate("document.querySelector('#scatter ." + class + "').getAttribute('d') !== ''")
	}
	for name, class := range map[string]string{"beaten": "seen", "over": "seen-over"} {
		for _, want := range []string{"true", "false", "true"} {
			if got := drawn(class); got != want {
				t.Errorf("%s: drawn %s, want %s", name, got, want)
			}
			b.evaluate("document.querySelector('[data-seen=" + name + "]').click()")
		}
		b.evaluate("document.querySelector('[data-seen=" + name + "]').click()")
	}
	// The keyboard walks from there to the first member and on.
	b.evaluate("document.querySelector('#scatter svg').focus()")
	b.press("Home")
	first := heading()
	b.press("ArrowRight")
	if second := heading(); first != least || second == first {
		t.Errorf("Home leads to %q, the right arrow to %q; the least latency has %q", first, second, least)
	}
	x, y = place("#table tbody tr:nth-child(7) button")
	b.click(x, y)
	if got := heading(); got != b.evaluate("document.querySelector('#table tbody tr:nth-child(7) button').textContent")+" of 3000" {
		t.Errorf("a row selects %q", got)
	}
	// A tighter budget leaves fewer members.
	b.evaluate("(() => { const i = document.querySelector('#budget input'); i.value = 500; i.dispatchEvent(new Event('input')); })()")
	b.settle()
	if got := b.evaluate("document.querySelector('#budget .answer').textContent"); strings.HasPrefix(got, "3000") {
		t.Errorf("half the latency: %q", got)
	}
	b.evaluate("[...document.querySelectorAll('#budget button')].at(-1).click()")
	for _, axis := range []string{"memory", "params", "layers", "kv"} { // kv: all zero
		b.evaluate("(() => { const s = document.querySelectorAll('#axes select'); for (const i of s) { i.value = '" + axis + "'; i.dispatchEvent(new Event('change')); } })()")
	}
	b.evaluate("(() => { const b = document.querySelector('#rows button'); b.click(); })()")
	if got := b.evaluate("document.querySelectorAll('#table tbody:nth-of-type(1) tr').length"); got != "3000" {
		t.Errorf("all rows are %s", got)
	}
	b.quiet()
}

// Pages of every kind fit a phone, in both colours, without a word on the console.
func TestPagesOfEveryKind(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := openBrowser(t)
	plain := func(r *Report) *Page { return &Page{Report: r} }
	hostile := sample(t, "encoder-compact", 4)
	hostile.Warnings = []string{"</script><script>console.log('told')</script>", "{{script}}"}
	hostile.References[0].Name = `<img src=x onerror=console.log(1)>`
	hostile.Conditions.Space = `</title><b>`
	csv := sample(t, "encoder-compact", 5)
	csv.Conditions, csv.Warnings = Conditions{}, nil
	for name, p := range map[string]*Page{
		"full":     full(sample(t, "decoder-compact", 50)),
		"several":  full(several(sample(t, "encoder-compact", 50))),
		"one":      full(sample(t, "encoder-compact", 1)),
		"empty":    plain(sample(t, "encoder-compact", 0)),
		"nothing":  plain(&Report{}),
		"csv":      plain(csv),
		"hostile":  full(hostile),
		"no split": {Report: sample(t, "encoder-compact", 5), Splits: []Split{{Why: "no profile"}}},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			for _, dark := range []bool{false, true} {
				b.size(400, 800, dark)
				openPage(t, b, p, "#member=2")
				if got := b.evaluate("document.documentElement.scrollWidth"); got != "400" {
					t.Errorf("the page is %s pixels wide on a view of 400", got)
				}
				if got := b.evaluate("document.getElementById('title').textContent"); got != p.title() {
					t.Errorf("title %q, want %q", got, p.title())
				}
				b.quiet()
			}
		})
	}
	b.t = t
}
