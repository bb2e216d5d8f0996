//go:build !unix

package study

// owner is unknown where locks do not tell.
func owner(string) int { return 0 }
