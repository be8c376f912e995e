//go:build race

package mppe

// The race detector makes a packet ten times as dear: fewer go round.
const rounds = 30_000
