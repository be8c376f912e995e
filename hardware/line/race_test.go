//go:build race

package line

// raced: the race detector has pools forget at random, so that they allocate.
const raced = true
