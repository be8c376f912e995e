// Package rules holds tests over the whole tree: which package may import
// which, on which machines the programs build, and how large a file may be.
package rules
