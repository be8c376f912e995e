//go:build !race

package mppc

const raced = false
