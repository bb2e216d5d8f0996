package main

import (
	"fmt"
	"math"
	"nas/results"
	"strconv"
	"strings"
	"time"
)

// byteSize is a flag such as 8MiB: KB, MB, GB are powers of ten, KiB, MiB, GiB
// powers of two, a number alone is bytes.
type byteSize int64

func (b *byteSize) Type() string { return "size" }
func (b *byteSize) Set(s string) error {
	v, err := parseQuantity(s, []unit{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}})
	if err != nil {
		return fmt.Errorf("%w; sizes look like 8MiB, 500KB or 8388608", err)
	}
	*b = byteSize(v)
	return nil
}

func (b *byteSize) String() string {
	if *b == 0 {
		return ""
	}
	// The short form, where it is exact.
	var same byteSize
	if text := results.Bytes(int64(*b)); same.Set(text) == nil && same == *b {
		return text
	}
	return strconv.FormatInt(int64(*b), 10)
}

// count is a flag such as 5M: K, M, G are powers of ten.
type count int64

func (c *count) Type() string { return "count" }
func (c *count) Set(s string) error {
	v, err := parseQuantity(s, []unit{{"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"k", 1e3}, {"", 1}})
	if err != nil {
		return fmt.Errorf("%w; counts look like 5M, 200k or 200000", err)
	}
	*c = count(v)
	return nil
}

func (c *count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*c), 10)
}

// span is a positive duration with its unit: 20ms.
type span time.Duration

func (d *span) Type() string { return "duration" }
func (d *span) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%.40q is no duration; durations look like 20ms, 850us or 1.5s", s)
	}
	if v <= 0 {
		return fmt.Errorf("%.40q is not above zero", s)
	}
	*d = span(v)
	return nil
}

func (d *span) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

type unit struct {
	name   string
	factor float64
}

// parseQuantity reads a positive number with one of the units, longest names
// first.
func parseQuantity(s string, units []unit) (int64, error) {
	text := strings.TrimSpace(s)
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		number = strings.TrimSpace(number)
		if number == "" || strings.ContainsAny(number, "xXpP_nNiI") {
			break
		}
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			break
		}
		v *= u.factor
		switch {
		case v <= 0:
			return 0, fmt.Errorf("%.40q is not above zero", s)
		case v >= math.MaxInt64:
			return 0, fmt.Errorf("%.40q is too large", s)
		case v < 1:
			return 0, fmt.Errorf("%.40q is less than one", s)
		}
		return int64(v), nil
	}
	return 0, fmt.Errorf("%.40q is no quantity", s)
}
