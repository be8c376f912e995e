//go:build !race

package flow

const raced = false

const streamLength = 1 << 20
