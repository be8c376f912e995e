//go:build race

package peer

// cycles are fewer with the race detector, which makes each several times as dear.
const cycles = 10_000
