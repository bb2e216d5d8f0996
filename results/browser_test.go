package results

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// browser is a headless Chromium, spoken to in its DevTools protocol over two pipes.
type browser struct {
	t       *testing.T
	to      *os.File
	from    chan message
	session string
	last    int
	seen    []message // events
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// openBrowser starts a browser with one page, or skips the test.
func openBrowser(t *testing.T) *browser {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here: apt-get install chromium")
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	c.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := c.Start(); err != nil {
		t.Skipf("chromium does not start: %v", err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, to: ourOut, from: make(chan message, 4096)}
	t.Cleanup(func() {
		b.call("Browser.close", nil)
		ourOut.Close()
		c.Wait()
	})
	go func() {
		defer close(b.from)
		for in := bufio.NewReader(ourIn); ; {
			text, err := in.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(text[:len(text)-1], &m) == nil {
				b.from <- m
			}
		}
	}()
	var target struct{ TargetID, SessionID string }
	b.into(&target, "Target.createTarget", map[string]any{"url": "about:blank"})
	b.into(&target, "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true})
	b.session = target.SessionID
	b.call("Emulation.setScrollbarsHidden", map[string]any{"hidden": true})
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil)
	}
	return b
}

// call waits for the answer, and keeps the events that come before.
func (b *browser) call(method string, params any) json.RawMessage {
	b.t.Helper()
	b.last++
	m := map[string]any{"id": b.last, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" && method != "Browser.close" {
		m["sessionId"] = b.session
	}
	text, err := json.Marshal(m)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		m := b.next(method)
		switch {
		case m.ID == b.last && m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error)
		case m.ID == b.last:
			return m.Result
		default:
			b.seen = append(b.seen, m)
		}
	}
}

func (b *browser) next(awaited string) message {
	b.t.Helper()
	select {
	case m, ok := <-b.from:
		if !ok {
			b.t.Fatalf("the browser ended; waiting for %s", awaited)
		}
		return m
	case <-time.After(time.Minute):
		b.t.Fatalf("a minute without %s", awaited)
	}
	panic("unreachable")
}

func (b *browser) into(v any, method string, params any) {
	b.t.Helper()
	if err := json.Unmarshal(b.call(method, params), v); err != nil {
		b.t.Fatal(err)
	}
}

// open goes to an address and waits until it is loaded.
func (b *browser) open(address string) {
	b.t.Helper()
	b.seen = nil
	b.call("Page.navigate", map[string]any{"url": address})
	for !slices.ContainsFunc(b.seen, func(m message) bool { return m.Method == "Page.loadEventFired" }) {
		b.seen = append(b.seen, b.next("Page.loadEventFired"))
	}
	b.settle()
}

// settle waits until the page has drawn twice.
func (b *browser) settle() {
	b.t.Helper()
	b.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(''))))")
}

// evaluate is the text of an expression's value in the page.
func (b *browser) evaluate(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Text string }
	}
	b.into(&r, "Runtime.evaluate", map[string]any{"expression": "Promise.resolve(" + expression + ").then(String)", "awaitPromise": true, "returnByValue": true})
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Text)
	}
	text, _ := r.Result.Value.(string)
	return text
}

// click presses and releases at a place of the view.
func (b *browser) click(x, y float64) {
	b.t.Helper()
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1})
	}
	b.settle()
}

func (b *browser) press(key string) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		b.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": key})
	}
	b.settle()
}

// size sets the view.
func (b *browser) size(width, height int, dark bool) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": map[bool]string{true: "dark", false: "light"}[dark]}}})
	b.settle()
}

// shot is a PNG of the whole page.
func (b *browser) shot() []byte {
	b.t.Helper()
	var r struct{ Data string }
	b.into(&r, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true})
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}
