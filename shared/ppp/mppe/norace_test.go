//go:build !race

package mppe

const rounds = 1_000_000
