package userspace

import (
	"net/netip"
	"testing"
	"time"

	"carrier/shared/netstack"
)

// A host behind a caller is reached as she is, and reaches others, while the network
// that it is in is hers.
func TestHostBehindACaller(t *testing.T) {
	l := run(t, Options{OnlyMapped: true})
	caller := attach(t, l, saran, 0)
	behind := new(host)
	desk, branch := netip.MustParseAddr("10.1.0.10"), netip.MustParsePrefix("10.1.0.0/24")
	var err error
	behind.Stack, err = netstack.New(netstack.Options{Addr: desk, Output: func(packets [][]byte) { l.Write(packets...) }})
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	detach, err := l.Delegate(branch, 0, behind)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[*host]netip.Addr{caller: desk, behind: router} {
		if _, err := from.Ping(within(t, 10*time.Second), to, 56); err != nil {
			t.Errorf("ping of %v: %v", to, err)
		}
	}
	detach()
	before := l.stats.Unattached.Load()
	go behind.Ping(within(t, 10*time.Second), router, 56)
	eventually(t, "a packet of nobody's", func() bool { return l.stats.Unattached.Load() > before })
	for _, wrong := range []string{"2.1.1.0/26", "2001:db8::/48"} {
		if _, err := l.Delegate(netip.MustParsePrefix(wrong), 0, behind); err == nil {
			t.Errorf("%s is behind a caller", wrong)
		}
	}
}
