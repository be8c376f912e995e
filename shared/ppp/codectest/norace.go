//go:build !race

package codectest

// Raced tells whether the race detector is in this test.
const Raced = false
