//go:build race

package flow

// raced: the race detector has pools forget at random, so that they allocate.
const raced = true

// streamLength is of what TestLoss carries, in octets: a quarter of it here,
// where all takes ten times as long.
const streamLength = 1 << 18
