package main

import (
	"errors"
	"fmt"
	"regexp"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitBad     = 2 // wrong usage or bad input: nothing was done
	exitStopped = 3 // stopped early, the results so far are kept
)

// fault is an error with an exit code and a hint: what to do about it, preferably
// a command that would work.
type fault struct {
	code int
	err  error
	hint string
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// bad is a fault of the user's input.
func bad(err error, hint string, args ...any) error {
	return &fault{exitBad, err, fmt.Sprintf(hint, args...)}
}

// failed is a fault of the work itself.
func failed(err error, hint string, args ...any) error {
	return &fault{exitFailed, err, fmt.Sprintf(hint, args...)}
}

// stopped says that the user stopped the work, and what of it is kept.
func stopped(kept, hint string, args ...any) error {
	return &fault{exitStopped, errors.New("stopped early; " + kept), fmt.Sprintf(hint, args...)}
}

// abandoned says that the user stopped the work before any of it was worth keeping.
func abandoned(doing string) error {
	return failed(errors.New("stopped "+doing+"; nothing was kept"), "run it again")
}

// report prints err as the one error line and its hint, and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{exitFailed, err, ""}
	}
	a.phase("error: %s", plain(f.err))
	if f.hint != "" {
		a.phase("hint: %s", f.hint)
	}
	return f.code
}

// plain is what err says without the packages that say so: its users know none. A test
// holds the names against the packages.
func plain(err error) string { return speakers.ReplaceAllString(err.Error(), "$1") }

var speakers = regexp.MustCompile(`(^|: )(?:(?:devices|engine|evaluator|kernels|latency|nn|results|safetensors|search|space|study|text): )+`)

// errMissing is the absence of something required.
func errMissing(what string) error { return fmt.Errorf("%s is missing", what) }
