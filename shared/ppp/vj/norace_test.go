//go:build !race

package vj

const few = false
