//go:build netns

package tun

import (
	"errors"
	"log/slog"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// kill leaves what a killed program leaves.
func (l *LAN) kill(t *testing.T) {
	t.Helper()
	err := l.out.drop(true)
	for _, i := range l.proxy.ports {
		err = errors.Join(err, i.file.Close())
	}
	l.kernel.Close()
	if l.hidden != nil {
		l.hidden.kernel.Close()
		unix.Close(l.hidden.alive)
		err = errors.Join(err, l.hidden.conn.CloseLasting())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// answered are the addresses for which proxy entries are on an interface.
func answered(t *testing.T, name string) (all []string) {
	t.Helper()
	for line := range strings.Lines(ip(t, "neigh show proxy dev "+name)) {
		all = append(all, strings.Fields(line)[0])
	}
	slices.Sort(all)
	return all
}

// What a killed run left is taken away at the next start, also by a configuration
// that would make nothing of the kind. What others made stays: entries without our
// mark, those of another pns that runs, tables of other names.
func TestLeftByAKilledRun(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth0", "2.1.1.60/24")
		ethernet(t, "eth1", "198.51.100.1/24")
		o := Options{Name: "carrier0", Local: router, Routes: pool, ProxyARP: []string{"eth0"}, Masquerade: []string{"eth1"}, Forward: true}
		second, err := New(Options{Name: "carrier1", Local: router, Routes: []netip.Prefix{netip.MustParsePrefix("2.1.1.100/32")}, ProxyARP: []string{"eth0"},
			Masquerade: []string{"eth1"}, Forward: true})
		if err != nil {
			t.Fatal(err)
		}
		defer second.close()
		attach(t, second, netip.MustParseAddr("2.1.1.100"), 1400)
		ip(t, "neigh add proxy 2.1.1.150 dev eth0") // somebody's, without our mark
		ip(t, "neigh add proxy 2.1.1.151 dev eth0 protocol babel")
		nft(t, "add table ip theirs")
		for _, next := range []Options{o, {Name: "carrier0", Local: router, Routes: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/24")}, Forward: true}} {
			killed, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			attach(t, killed, saran, 1400)
			killed.kill(t)
			if got := answered(t, "eth0"); !slices.Equal(got, []string{"2.1.1.100", "2.1.1.129", "2.1.1.150", "2.1.1.151"}) {
				t.Errorf("when it was killed there are entries for %q", got)
			}
			var log written
			next.Log = slog.New(slog.NewTextHandler(&log, nil))
			l, err := New(next)
			if err != nil {
				t.Fatal(err)
			}
			if got := answered(t, "eth0"); !slices.Equal(got, []string{"2.1.1.100", "2.1.1.150", "2.1.1.151"}) {
				t.Errorf("after the next start there are entries for %q", got)
			}
			if n := log.times("proxy entries that an earlier run left are taken away\" entries=1"); n != 1 {
				t.Errorf("said %d times:\n%s", n, log.b.String())
			}
			out, err := exec.Command("nft", "list", "tables").CombinedOutput()
			if tables := string(out); err != nil || strings.Contains(tables, "carrier-carrier0") != (next.Masquerade != nil) ||
				!strings.Contains(tables, "carrier-carrier1") || !strings.Contains(tables, "theirs") {
				t.Errorf("tables: %s, %v", out, err)
			}
			if err := l.close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// The table of a killed run goes also when the interface has another name since. Those
// that others have stay: another pns that runs, even while its interface is called
// otherwise, and an administrator's, though the name is like ours, or the rules.
func TestLeftUnderAnotherName(t *testing.T) {
	inside(t, func(ns *namespace) {
		ethernet(t, "eth1", "198.51.100.1/24")
		start := func(name, addr string, log *slog.Logger) *LAN {
			l, err := New(Options{Name: name, Local: router, Routes: []netip.Prefix{netip.MustParsePrefix(addr)}, Masquerade: []string{"eth1"}, Forward: true, Log: log})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		killed := []*LAN{start("carrier0", "2.1.1.129/32", nil), start("carrier3", "2.1.1.131/32", nil)}
		second := start("carrier1", "2.1.1.100/32", nil)
		ip(t, "link set carrier1 down")
		ip(t, "link set carrier1 name foo1")
		for _, rule := range []string{"add table ip carrier-empty", "add table ip carrier-theirs", "add chain ip carrier-theirs postrouting", "add rule ip carrier-theirs postrouting counter",
			"add rule ip carrier-carrier3 postrouting counter", // somebody's among ours
			"add table ip mine", "add chain ip mine postrouting", `add rule ip mine postrouting counter comment "made by pns"`} {
			nft(t, rule)
		}
		for _, l := range killed {
			l.kill(t)
		}
		var log written
		now := start("carrier2", "2.1.1.102/32", slog.New(slog.NewTextHandler(&log, nil)))
		out, err := exec.Command("nft", "list", "tables").CombinedOutput()
		var names []string
		for line := range strings.Lines(string(out)) {
			names = append(names, strings.TrimPrefix(strings.TrimSpace(line), "table ip "))
		}
		slices.Sort(names)
		if want := []string{"carrier-carrier1", "carrier-carrier2", "carrier-carrier3", "carrier-empty", "carrier-theirs", "mine"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("tables: %q, %v; want %q", names, err, want)
		}
		if n := log.times("the nftables table that an earlier run left is deleted\" table=carrier-carrier0"); n != 1 {
			t.Errorf("said %d times:\n%s", n, log.b.String())
		}
		for _, l := range []*LAN{now, second} {
			if err := l.close(); err != nil {
				t.Error(err)
			}
		}
	})
}
