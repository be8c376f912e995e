//go:build netns

package tun

import (
	"log/slog"
	"net/netip"
	"testing"
)

// The doctor names a host of the LAN that has an address of callers', beside a
// daemon too; a caller who is online is none.
func TestExamineOwners(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "2.1.1.60/24")
		l := ns.run(t, Options{ProxyARP: []string{"eth0"}, Log: slog.New(slog.DiscardHandler)})
		attach(t, l, saran, 1400)
		o := Options{Name: "carrier0", Local: router, Routes: pool, ProxyARP: []string{"eth0"}}
		if err := Check(o, true); err != nil {
			t.Errorf("nobody has one: %v", err)
		}
		end := hostAt(t, "eth0-far", netip.MustParseAddr("2.1.1.140"))
		defer end()
		const want = "2.1.1.140 is the address of a host on eth0 (02:00:00:00:00:0a), and among the callers': give that host another one, or take it from lan.addresses"
		named := func(when string, runs bool) {
			t.Helper()
			eventually(t, "the host is named "+when, func() bool { // it may answer too late
				err := Check(o, runs)
				return err != nil && err.Error() == want
			})
		}
		named("beside a daemon", true)
		o.Name = "carrier1"
		o.Routes = []netip.Prefix{netip.MustParsePrefix("2.1.1.140/32")}
		named("without one", false)
	})
}
