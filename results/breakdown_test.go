package results

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"nas/space"
)

// The parts of a breakdown add up to what the whole program costs, step by step.
func TestBreakdown(t *testing.T) {
	cost := func(o space.Op) float64 { return 10 + float64(len(o.String())) + float64(o.MACs())/1000 }
	for _, name := range space.Names() {
		r := sample(t, name, 30)
		all := slices.Concat(r.Front, r.References)
		b := NewBreakdown(all, r.Conditions.Workload, 7, func(*space.Program) func(space.Op) float64 { return cost })
		if layers := len(all) * 12; len(b.Blocks) >= layers {
			t.Errorf("%s: %d blocks for about %d layers: nothing is shared", name, len(b.Blocks), layers)
		}
		for i, c := range all {
			want := 7.0
			for _, s := range space.Lower(c.Arch, r.Conditions.Workload).Steps {
				want += cost(s.Op)
			}
			if got := b.Total(i); math.Abs(got/want-1) > 1e-12 {
				t.Errorf("%s: %v: %v ns, want %v", name, c.Arch, got, want)
			}
			if len(b.Spans[i]) != len(c.Arch.Layers)+2 {
				t.Errorf("%s: %v: %d blocks", name, c.Arch, len(b.Spans[i]))
			}
			all[i].LatencyNS = want
		}
		if off := b.Differs(all, 0); off > 1e-12 {
			t.Errorf("%s: differs by %v from itself", name, off)
		}
		all[3].LatencyNS *= 2
		if off := b.Differs(all, 0); math.Abs(off-.5) > 1e-12 {
			t.Errorf("%s: differs by %v, want 0.5", name, off)
		}
		seen := map[string]bool{}
		for _, block := range b.Blocks {
			for _, s := range block {
				seen[s.Part] = true
				if !slices.Contains(Parts, s.Part) || strings.HasPrefix(s.Name, "layers.") {
					t.Errorf("%s: step %q is part of %q", name, s.Name, s.Part)
				}
			}
		}
		if len(seen) != len(Parts)-1 { // overhead is no step
			t.Errorf("%s: parts %v", name, seen)
		}
	}
}

// The page's data lead back to the architectures.
func TestPageData(t *testing.T) {
	r := several(sample(t, "decoder-compact", 20))
	d := newPageData(full(r))
	for i, c := range slices.Concat(r.Front, r.References) {
		m := slices.Concat(d.Members, d.References)[i]
		back := space.Arch{Model: d.Models[m.Model], Embedding: m.Embedding, Hidden: m.Hidden}
		for _, s := range m.Layers {
			back.Layers = append(back.Layers, d.Shapes[s])
		}
		if !back.Equal(c.Arch) {
			t.Errorf("member %d: %v, want %v", i, back, c.Arch)
		}
		if len(m.Values) != len(d.Quantities) || len(m.Low) != 2 || len(m.Blocks) != 2 {
			t.Errorf("member %d: %d values of %d quantities, %d intervals, %d splits", i, len(m.Values), len(d.Quantities), len(m.Low), len(m.Blocks))
		}
		if m.Values[1] != c.LatencyNS || m.Values[2] != c.Latencies[1].NS || m.Values[3] != float64(c.MemoryBytes) {
			t.Errorf("member %d: values %v", i, m.Values)
		}
	}
	if d.Measured[0].Member != 0 || d.Measured[2].Member != 19 {
		t.Errorf("measured: %+v", d.Measured)
	}
	if d.Quantities[1].Limit != 2e7 || d.Quantities[2].Limit != 0 {
		t.Errorf("limits of latencies %v and %v", d.Quantities[1].Limit, d.Quantities[2].Limit)
	}
}

// A page of thousands stays within a few MB, and no text of it ends its element.
func TestPageSize(t *testing.T) {
	r := sample(t, "encoder-compact", 3000)
	r.Warnings = []string{"</script><script>"}
	var b bytes.Buffer
	if err := WritePage(&b, full(r)); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 3e6 {
		t.Errorf("%d bytes", b.Len())
	}
	if n := strings.Count(b.String(), "</script>"); n != 2 {
		t.Errorf("%d ends of scripts, want 2", n)
	}
	for _, outside := range []string{"http://", "https://"} {
		if strings.Contains(strings.ReplaceAll(b.String(), "http://www.w3.org/2000/svg", ""), outside) {
			t.Errorf("the page names %s", outside)
		}
	}
}

func TestComparisonsAreReadBack(t *testing.T) {
	p := full(sample(t, "encoder-compact", 5))
	p.Measured.Members[0].Floor = 1.1 * p.Measured.Members[0].Median // as few, uneven rounds give
	var b bytes.Buffer
	if err := WriteComparisons(&b, "json", p.Measured); err != nil {
		t.Fatal(err)
	}
	got, err := ReadComparisons(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(p.Measured.Members)
	if have, _ := json.Marshal(got.Members); !bytes.Equal(want, have) {
		t.Errorf("got %s\nwant %s", have, want)
	}
	for name, c := range map[string][2]string{
		"no members":  {b.String(), `{"members": []}`},
		"not a floor": {`"measured_ns": `, `"measured_ns": -`},
		"unknown key": {`"rounds": `, `"round": `},
	} {
		if _, err := ReadComparisons([]byte(strings.Replace(b.String(), c[0], c[1], 1))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzReadComparisons(f *testing.F) {
	p := full(sample(f, "encoder-compact", 2))
	var b bytes.Buffer
	WriteComparisons(&b, "json", p.Measured)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := ReadComparisons(data); err == nil {
			if err := WritePage(&bytes.Buffer{}, &Page{Report: &Report{}, Measured: c}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
