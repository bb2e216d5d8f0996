//go:build !unix

package study

import "testing"

func asNobody(t *testing.T) { t.Skip("no users to change to") }
