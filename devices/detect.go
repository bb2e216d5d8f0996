package devices

import (
	"runtime"
	"strings"
	"time"
	"unicode"

	"github.com/klauspost/cpuid/v2"
)

// Detect describes this machine; tool is the name and version of who asks. What
// the system does not tell stays unknown.
func Detect(tool string) Profile {
	c := cpuid.CPU
	p := Profile{
		CPU: CPU{Vendor: c.VendorString, Model: strings.Join(strings.Fields(c.BrandName), " "), Family: c.Family, Number: c.Model,
			Stepping: c.Stepping, NominalHz: c.Hz, Features: c.FeatureSet()},
		Cores:      Cores{Physical: c.PhysicalCores, Logical: runtime.NumCPU(), Usable: runtime.NumCPU()},
		OS:         runtime.GOOS,
		Arch:       runtime.GOARCH,
		Caches:     []Cache{},
		Provenance: Provenance{Kind: Measured, Date: time.Now().UTC().Format(time.RFC3339), Tool: tool},
	}
	if c.VM() {
		p.Virtual = c.HypervisorVendorString
		if p.Virtual == "" {
			p.Virtual = "yes"
		}
	}
	for _, cache := range []Cache{{1, "data", int64(c.Cache.L1D), 0}, {2, "unified", int64(c.Cache.L2), 0}, {3, "unified", int64(c.Cache.L3), 0}} {
		if cache.Bytes > 0 {
			p.Caches = append(p.Caches, cache)
		}
	}
	p.system()
	if p.CPU.Model == "" {
		p.CPU.Model = "unknown " + runtime.GOARCH + " processor"
	}
	for _, text := range []*string{&p.Name, &p.Virtual, &p.CPU.Vendor, &p.CPU.Model} {
		*text = strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return -1
			}
			return r
		}, *text)
	}
	if p.Name == "" {
		p.Name = p.CPU.Model
	}
	return p
}
