//go:build race

package vj

// few: the race detector makes the many packets of a test slow, and one
// goroutine has no races.
const few = true
