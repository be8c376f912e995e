package daemon

import (
	"slices"
	"testing"
)

func TestThrift(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name      string
		allocated []uint64 // octets between two looks
		want      []int    // the looks at which memory is given back
	}{
		{"nothing happens", []uint64{0, 0, 0, 0}, nil},
		{"too little for it", []uint64{9 * mib, 9 * mib, 0, 0}, nil},
		{"after a wave, and then no more", []uint64{500 * mib, 500 * mib, mib, 0, 0, 0, 0}, []int{2, 3, 4}},
		{"a second wave", []uint64{40 * mib, 0, 40 * mib, 0, 0, 0, 0}, []int{1, 3, 4, 5}},
		{"a brook, seldom", []uint64{4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib, 4 * mib, 0, 0}, []int{7, 8, 9}},
		{"never quiet", []uint64{50 * mib, 50 * mib, 50 * mib, 50 * mib}, nil},
	} {
		var d thrift
		var all uint64
		var got []int
		for i, n := range tt.allocated {
			all += n
			if d.due(all) {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
