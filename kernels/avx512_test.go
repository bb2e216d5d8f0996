package kernels

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The AVX-512 tiles are interpreted from their assembly text, so that what they
// compute is tested on machines without AVX-512 too. What the interpreter does not
// test is the assembler's encoding; TestProduct does where the CPU has it.
func TestTilesOfAVX512Interpreted(t *testing.T) {
	text, err := os.ReadFile("avx512_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	tiles := 0
	for _, function := range strings.Split(string(text), "TEXT ·")[1:] {
		name, body, _ := strings.Cut(function, "(SB)")
		var rows, panels int
		if n, _ := fmt.Sscanf(name, "tile%dx%dVNNI", &rows, &panels); n != 2 {
			continue
		}
		tiles++
		for _, offset := range []bool{true, false} {
			for _, groups := range []int{1, 2, 4, 5, 8, 11} {
				interpretTiles(t, name, strings.Split(body, "\n"), rows, panels, groups, groups%3+1, offset)
			}
		}
	}
	if tiles != 24 {
		t.Errorf("%d tiles were found, want 24", tiles)
	}
}

// interpretTiles runs tiles of height rows on memory of its own and compares with plain sums.
func interpretTiles(t *testing.T, name string, code []string, height, panels, groups, tiles int, offset bool) {
	t.Helper()
	const dst, a, b, sum, ldc, lda = 0x1000, 0x5000, 0x8000, 0xf000, 70, 100
	rows := height * tiles
	stride := groups*64 + 64
	m := machine{memory: make([]byte, 0x10000), vector: map[string][64]byte{}, register: map[string]int{
		"dst": dst, "ldc": ldc, "a": a, "lda": lda, "b": b, "panelStride": stride, "groups": groups, "tiles": tiles, "sum": sum}}
	if !offset {
		m.register["sum"] = 0
	}
	for i := range m.memory {
		m.memory[i] = byte(i*i*31 + i*7 + i>>8)
	}
	want := make([]int32, rows*16*panels)
	for n := range 16 * panels {
		total := int32(0)
		for k := range 4 * groups {
			w := int32(int8(m.memory[b+n/16*stride+k/4*64+n%16*4+k%4]))
			total += w
			for r := range rows {
				want[r*16*panels+n] += w * int32(m.memory[a+r*lda+k])
			}
		}
		binary.LittleEndian.PutUint32(m.memory[sum+4*n:], uint32(total))
		for r := range rows {
			if offset {
				want[r*16*panels+n] -= 128 * total
			}
		}
	}
	if err := m.run(code); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for r := range rows {
		for n := range 16 * panels {
			got := int32(binary.LittleEndian.Uint32(m.memory[dst+4*(r*ldc+n):]))
			if got != want[r*16*panels+n] {
				t.Fatalf("%s, %d groups, offset %t: row %d column %d is %d, want %d", name, groups, offset, r, n, got, want[r*16*panels+n])
			}
		}
	}
}

// machine knows the instructions of the tiles and no others.
type machine struct {
	memory   []byte
	register map[string]int // and arguments
	vector   map[string][64]byte
	flags    int // the last result
}

func (m *machine) run(code []string) error {
	labels := map[string]int{}
	for i, line := range code {
		if label, ok := strings.CutSuffix(line, ":"); ok {
			labels[label] = i
		}
	}
	for at := 0; at < len(code); at++ {
		op, rest, _ := strings.Cut(strings.TrimSpace(code[at]), " ")
		if op == "RET" {
			return nil
		}
		if strings.HasPrefix(op, "J") {
			jump := map[string]bool{"JMP": true, "JZ": m.flags == 0, "JNZ": m.flags != 0, "JL": m.flags < 0, "JGE": m.flags >= 0}
			taken, known := jump[op]
			if !known {
				return fmt.Errorf("unknown jump %q", op)
			}
			if taken {
				at = labels[strings.TrimSpace(rest)]
			}
			continue
		}
		if !strings.HasPrefix(code[at], "\t") {
			continue
		}
		args := strings.Split(strings.TrimSpace(rest), ", ")
		if err := m.step(op, args); err != nil {
			return fmt.Errorf("%q: %w", code[at], err)
		}
	}
	return fmt.Errorf("no RET")
}

func (m *machine) step(op string, args []string) error {
	last := args[len(args)-1]
	switch op {
	case "MOVQ":
		m.set(last, m.integer(args[0]))
	case "LEAQ":
		m.register[last] = m.address(args[0])
	case "ADDQ":
		m.flags = m.set(last, m.integer(last)+m.integer(args[0]))
	case "SUBQ":
		m.flags = m.set(last, m.integer(last)-m.integer(args[0]))
	case "DECQ":
		m.flags = m.set(last, m.integer(last)-1)
	case "SHLQ":
		m.set(last, m.integer(last)<<m.integer(args[0]))
	case "XORQ":
		m.set(last, m.integer(last)^m.integer(args[0]))
	case "IMUL3Q":
		m.set(last, m.integer(args[0])*m.integer(args[1]))
	case "TESTQ":
		m.flags = m.integer(args[0])
	case "VZEROUPPER":
	case "VPBROADCASTD":
		var v [64]byte
		for i := range v {
			v[i] = m.memory[m.address(args[0])+i%4]
		}
		m.vector[last] = v
	case "VMOVDQU32", "VMOVDQA32":
		if strings.HasPrefix(last, "Z") {
			m.vector[last] = m.load(args[0])
			break
		}
		v := m.vector[args[0]]
		copy(m.memory[m.address(last):], v[:])
	case "VPXORD", "VPADDD", "VPSUBD", "VPSLLD", "VPDPBUSD":
		m.lanes(op, args)
	default:
		return fmt.Errorf("unknown instruction")
	}
	return nil
}

// lanes executes an instruction on sixteen 32-bit lanes. Operands are in Go's
// order: the last is the destination.
func (m *machine) lanes(op string, args []string) {
	dst := m.vector[args[2]]
	for i := 0; i < 64; i += 4 {
		lane := func(v [64]byte) uint32 { return binary.LittleEndian.Uint32(v[i:]) }
		var r uint32
		switch op {
		case "VPXORD":
			r = lane(m.vector[args[0]]) ^ lane(m.vector[args[1]])
		case "VPADDD":
			r = lane(m.vector[args[1]]) + lane(m.vector[args[0]])
		case "VPSUBD":
			r = lane(m.vector[args[1]]) - lane(m.vector[args[0]])
		case "VPSLLD":
			r = lane(m.load(args[1])) << m.integer(args[0])
		case "VPDPBUSD": // dst += unsigned bytes of the second times signed bytes of the first
			r = lane(dst)
			signed, unsigned := m.vector[args[0]], m.vector[args[1]]
			for j := i; j < i+4; j++ {
				r += uint32(int32(int8(signed[j])) * int32(unsigned[j]))
			}
		}
		binary.LittleEndian.PutUint32(dst[i:], r)
	}
	m.vector[args[2]] = dst
}

func (m *machine) load(operand string) (v [64]byte) {
	if strings.HasPrefix(operand, "Z") {
		return m.vector[operand]
	}
	copy(v[:], m.memory[m.address(operand):])
	return v
}

func (m *machine) integer(operand string) int {
	if text, ok := strings.CutPrefix(operand, "$"); ok {
		v, err := strconv.ParseInt(text, 0, 32)
		if err != nil {
			panic(err)
		}
		return int(v)
	}
	return m.register[name(operand)]
}

func (m *machine) set(operand string, v int) int {
	m.register[name(operand)] = v
	return v
}

// name is that of a register or an argument.
func name(operand string) string {
	name, _, _ := strings.Cut(operand, "+")
	return name
}

// address is that of disp(base)(index*scale).
func (m *machine) address(operand string) int {
	disp, rest, _ := strings.Cut(operand, "(")
	at, _ := strconv.Atoi(disp)
	for _, part := range strings.Split(strings.TrimSuffix(rest, ")"), ")(") {
		register, scale, scaled := strings.Cut(part, "*")
		factor := 1
		if scaled {
			factor, _ = strconv.Atoi(scale)
		}
		at += m.register[register] * factor
	}
	return at
}
