package conf

import (
	"fmt"
	"net/netip"
	"slices"
)

// Origins are the addresses by which peers are known, and the lines that say so:
// each is one peer's. The zero value is ready.
type Origins struct {
	prefixes []netip.Prefix
	lines    []int
}

// Prefix returns what parses the addresses of the key on a line: IPv4, and none
// that stands above.
func (o *Origins) Prefix(line int) func(string) (netip.Prefix, error) {
	return func(s string) (netip.Prefix, error) {
		p, err := Prefix(s)
		if err != nil {
			return p, err
		}
		if !p.Addr().Is4() {
			return p, Unfit("is not IPv4, which alone carries PPTP", `"192.0.2.0/24"`)
		}
		if i := slices.IndexFunc(o.prefixes, p.Overlaps); i >= 0 {
			return p, Unfit(fmt.Sprintf("overlaps %v on line %d", o.prefixes[i], o.lines[i]), "each address once")
		}
		o.prefixes, o.lines = append(o.prefixes, p), append(o.lines, line)
		return p, nil
	}
}
