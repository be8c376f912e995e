package conf

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// A Digest tells whether two files say the same, key by key, and keeps nothing of
// what they say.
type Digest map[string][sha256.Size]byte // by the keys of the root

// Digest is that of the file's values: comments, blanks and the order of keys
// do not count.
func (f *File) Digest() Digest {
	d := make(Digest, len(f.root.values))
	for key, v := range f.root.values {
		d[key] = sha256.Sum256(fmt.Appendf(nil, "%#v", v)) // maps are printed by the order of their keys
	}
	return d
}

// String shows nothing: passwords could be guessed from sums.
func (d Digest) String() string { return "[digest]" }

// Differs lists the keys, sorted, whose values are not the same in another
// file, or that only one of the two has.
func (d Digest) Differs(other Digest) (keys []string) {
	for key, sum := range d {
		if o, there := other[key]; !there || o != sum {
			keys = append(keys, key)
		}
	}
	for key := range other {
		if _, there := d[key]; !there {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// A Sum tells whether two tables say the same, and keeps nothing of what they say.
type Sum [sha256.Size]byte

// Sum is that of the table's values.
func (t *Table) Sum() Sum { return sha256.Sum256(fmt.Appendf(nil, "%#v", t.values)) }

// String shows nothing: passwords could be guessed from it.
func (s Sum) String() string { return "[sum]" }
