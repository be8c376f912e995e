package weakness

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// widest is the shortest prefix that still says who may come; a network of one owner
// is hardly larger.
const widest = 8

// Origin looks at the networks that a peer may come from. may is what everybody else
// there may do too: "bring calls".
func (r *Report) Origin(name string, from []netip.Prefix, may string) {
	i := slices.IndexFunc(from, func(f netip.Prefix) bool { return f.Bits() < widest })
	if i >= 0 {
		r.Find(Anywhere, name, fmt.Sprintf("`from` of %q is %v, so nearly everybody may %s: `from` with the addresses that it has", name, from[i], may))
	}
}

// Comes looks at a tunnel whose other end may come from other than private addresses,
// which it tells. what comes, "calls of", in way, "GRE".
func (r *Report) Comes(name string, from []netip.Prefix, what, way string) bool {
	i := slices.IndexFunc(from, func(f netip.Prefix) bool { return !Private(f) })
	if i < 0 {
		return false
	}
	r.Find(OpenTunnel, name, fmt.Sprintf("%s %q come from %v, which is not private, in %s and TCP, which hide nothing and prove nothing: WireGuard or IPsec below them, and `from` with the inner addresses", what, name, from[i], way))
	return true
}

// fewest digits in front of a * say which part of the world it is; with fewer it
// is an international prefix, or that of an outside line.
const fewest = 3

// Numbers looks at the patterns of the numbers that somebody has rung. who does what:
// "denver may have", and key is what the configuration has them in.
func (r *Report) Numbers(name string, patterns []string, who, key string) {
	for _, p := range patterns {
		start, open := strings.CutSuffix(p, "*")
		if !open || len(start) >= fewest {
			continue
		}
		which := "any number"
		if start != "" {
			which = "every number that begins with " + start
		}
		r.Find(AnyNumber, name, fmt.Sprintf("%s %s rung at your cost: %s with the numbers that are needed", who, which, key))
		return
	}
}
