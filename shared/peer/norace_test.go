//go:build !race

package peer

const cycles = 100_000
