// Ours as a driver of the comparison (see ../peer.h for the protocol): layers and
// whole models at the level that NAS_CPU names; with -float32 layers by MatMul.
//
// Only the thread that works is bound to the core: the runtime's watching thread
// wakes every 20 µs for some milliseconds after a pause, and on the same core each
// time costs the kernels a fifth to two fifths of their speed.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"nas/internal/engine"
	"nas/kernels"
	"nas/space"
)

func main() {
	float32s := flag.Bool("float32", false, "layers in float32")
	core := flag.Int("core", 0, "the CPU that one thread works on")
	threads := flag.Int("threads", 1, "threads of a whole model")
	flag.Parse()
	if *threads == 1 {
		runtime.LockOSThread()
		var cores unix.CPUSet
		cores.Set(*core)
		if err := unix.SchedSetaffinity(0, &cores); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	level, err := kernels.Detect(os.Getenv("NAS_CPU"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	set, err := kernels.For(level)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var run func()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m, n, k int
		var name, phase string
		var want float64
		answer := "no such request"
		if c, _ := fmt.Sscanf(lines.Text(), "linear %d %d %d", &m, &n, &k); c == 3 {
			run, answer = linear(set, m, n, k, *float32s), "ok"
		} else if c, _ := fmt.Sscanf(lines.Text(), "model %s %s", &name, &phase); c >= 1 {
			if run = model(set, *threads, name, phase); *float32s || run == nil {
				run, answer = nil, "no such model"
			} else {
				answer = "ok"
			}
		} else if c, _ := fmt.Sscanf(lines.Text(), "time %g", &want); c == 1 && run != nil {
			answer = fmt.Sprintf("%.1f", perRun(run, time.Duration(want)))
		}
		fmt.Println(answer)
	}
}

// perRun looks at the clock as peer.h does.
func perRun(run func(), want time.Duration) float64 {
	start, runs, spent := time.Now(), 0, time.Duration(0)
	for batch := 1; spent < want || runs == 0; spent = time.Since(start) {
		for range batch {
			run()
		}
		runs += batch
		if spent < want/16 {
			batch *= 2
		}
	}
	return float64(spent) / float64(runs)
}

func values(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i*i%199-99) / 100
	}
	return x
}

func linear(set *kernels.Set, m, n, k int, float32s bool) func() {
	x, w, y := values(m*k), values(n*k), make([]float32, m*n)
	if float32s {
		a := kernels.MatMulArgs{M: m, N: n, K: k, A: x, LDA: k, B: w, LDB: k, TransB: true, C: y, LDC: n, Alpha: 1, Scratch: make([]byte, kernels.MatMulScratch(m, n, k))}
		return func() { set.MatMul(&a) }
	}
	columns := kernels.PadN(n)
	packed := &kernels.Matrix{N: n, K: k, Data: make([]int8, columns*kernels.PadK(k)), Sum: make([]int32, columns), Scale: make([]float32, columns), Bias: make([]float32, columns)}
	kernels.PackMatrix(packed, w, values(n))
	a := kernels.LinearArgs{X: x, LDX: k, Rows: m, W: packed, Dst: y, LDD: n, Scratch: make([]byte, kernels.LinearScratch(m, k))}
	return func() { set.Linear(&a) }
}

func model(set *kernels.Set, threads int, name, phase string) func() {
	workloads := map[string]space.Workload{
		"":        {Batch: 1, Tokens: 128},
		"prefill": {Phase: space.Prefill, Batch: 1, Tokens: 128, Context: 128},
		"decode":  {Phase: space.Decode, Batch: 1, Tokens: 128, Context: 256},
	}
	w, ok := workloads[phase]
	if !ok {
		return nil
	}
	for _, r := range slices.Concat(space.References(space.Encoder), space.References(space.Decoder)) {
		if r.Name != name || (r.Arch.Family == space.Decoder) != (phase != "") {
			continue
		}
		a := r.Arch
		a.Model.Vocabulary, a.Model.Head = 1000, space.NoHead // lookups and heads are not compared
		p := space.Lower(a, w)
		e, err := engine.New(engine.Pack(p, engine.RandomSource(1, p)), engine.Options{Threads: threads, Kernels: set}, p)
		if err != nil {
			return nil
		}
		tokens := make([]int32, 128)
		if w.Phase == space.Decode {
			tokens = tokens[:1]
		}
		return func() {
			if _, err := e.Run(0, tokens); err != nil {
				panic(err)
			}
		}
	}
	return nil
}
