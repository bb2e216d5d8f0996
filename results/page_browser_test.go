package results

import (
	"os"
	"path/filepath"
	"testing"
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
		for _, m := range b.seen {
			if m.Method == "Runtime.exceptionThrown" || m.Method == "Log.entryAdded" || m.Method == "Runtime.consoleAPICalled" {
				t.Errorf("%s: %s: %s", view.name, m.Method, m.Params)
			}
		}
	}
}
