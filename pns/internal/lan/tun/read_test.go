package tun

import (
	"net/netip"
	"slices"
	"testing"

	"carrier/pns/internal/lan"
)

// runs are how many packets came at a time.
type runs []int

func (r *runs) Deliver(packets [][]byte) { *r = append(*r, len(packets)) }

// What comes in one piece for a network behind a caller is delivered in one piece, and
// nothing of another's with it.
func TestRunsOfWhatIsDelegated(t *testing.T) {
	l := &LAN{stats: new(Stats)}
	her, him := new(runs), new(runs)
	for n, to := range map[string]*runs{"2001:db8:100::/60": her, "2001:db8:100:10::/60": him} {
		if _, err := l.table.Delegate(netip.MustParsePrefix(n), 1400, to); err != nil {
			t.Fatal(err)
		}
	}
	for _, to := range []string{"2001:db8:100:f::9", "2001:db8:100:f::9", "2001:db8:100:7::9", "2001:db8:100:1f::9", "2001:db8:100::9"} {
		l.down(lan.AppendPacket6(nil, lan.UDP, 64, netip.MustParseAddr("2001:db8:2::10"), netip.MustParseAddr(to), make([]byte, 8)))
	}
	l.deliver()
	if !slices.Equal(*her, []int{3, 1}) || !slices.Equal(*him, []int{1}) {
		t.Errorf("delivered %v and %v", *her, *him)
	}
}
