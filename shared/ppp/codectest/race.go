//go:build race

package codectest

// Raced: everything takes ten times as long, and pools forget at random.
const Raced = true
