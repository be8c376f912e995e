//go:build !race

package netport

const raced = false
