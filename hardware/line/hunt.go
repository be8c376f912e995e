package line

import "slices"

// Hunt is which of several idle lines takes the next call.
type Hunt string

// The ways to hunt. First always begins with the first line, RoundRobin behind
// the line that had the last call, LongestIdle takes the line that has waited
// for the longest time.
const (
	First       Hunt = "first"
	RoundRobin  Hunt = "round-robin"
	LongestIdle Hunt = "longest-idle"
)

// choose picks one of the places of idle lines, the one that has waited longest
// first; last is the place of the line that had the last call, -1 for none.
// There is at least one.
func (h Hunt) choose(idle []int, last int) (place int) {
	switch h {
	case LongestIdle:
		return idle[0]
	case RoundRobin:
		behind := slices.DeleteFunc(slices.Clone(idle), func(place int) bool { return place <= last })
		if len(behind) > 0 {
			return slices.Min(behind)
		}
	}
	return slices.Min(idle)
}
