//go:build race

package mppc

// raced: all is ten times as slow.
const raced = true
