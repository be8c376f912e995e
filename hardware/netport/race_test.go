//go:build race

package netport

// raced: the race detector has pools forget at random, so that they allocate.
const raced = true
