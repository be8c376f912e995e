package pool

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
)

// Prefixes are the fewest networks that hold exactly the addresses of ranges:
// what can be routed.
func Prefixes(ranges []Range) []netip.Prefix {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b Range) int {
		return cmp.Or(a.First.Compare(b.First), a.Last.Compare(b.Last))
	})
	var all []netip.Prefix
	for i := 0; i < len(sorted); {
		first, last := uint64(number(sorted[i].First)), uint64(number(sorted[i].Last))
		for i++; i < len(sorted) && uint64(number(sorted[i].First)) <= last+1; i++ { // overlaps, or comes next
			last = max(last, uint64(number(sorted[i].Last)))
		}
		for first <= last {
			// The largest network that begins here and does not reach beyond last.
			size := min(bits.TrailingZeros64(first|1<<32), bits.Len64(last-first+1)-1)
			all = append(all, netip.PrefixFrom(addr(uint32(first)), 32-size))
			first += 1 << size
		}
	}
	return all
}
