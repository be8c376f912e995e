//go:build netns

package tun

import (
	"log/slog"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Whoever takes the table of the masquerade away, or some of it, opens no way to
// callers and cuts none off: it is put back, which is said once each time. What
// happens to others' tables is theirs.
func TestMasqueradeIsPutBack(t *testing.T) {
	inside(t, func(ns *namespace) {
		out := newFarHost(t, "eth1", "198.51.100.1/24", "198.51.100.2/24")
		out.run("ip route add 2.1.1.128/26 via 198.51.100.1")
		var log written
		l := ns.run(t, Options{Masquerade: []string{"eth1"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		her := attach(t, l, saran, 1400)
		for i, line := range []string{
			"flush ruleset",
			"delete table ip carrier-carrier0",
			"flush table ip carrier-carrier0",
			"flush chain ip carrier-carrier0 postrouting",
			"delete chain ip carrier-carrier0 forward",
			"flush ruleset; add table ip theirs; add chain ip theirs c; add rule ip theirs c accept",
		} {
			nft(t, "add table ip others; add chain ip others c; delete table ip others")
			nft(t, line)
			eventually(t, "it is said after "+line, func() bool { return log.times("it is put back") == i+1 })
			rules, err := exec.Command("nft", "list", "table", "ip", "carrier-carrier0").CombinedOutput()
			if err != nil || !strings.Contains(string(rules), "masquerade") || !strings.Contains(string(rules), "drop") {
				t.Errorf("after %s: %v: %s", line, err, rules)
			}
			if out.pings("2.1.1.129") {
				t.Errorf("after %s the neighbour gets to her", line)
			}
			eventually(t, "she gets an answer from outside after "+line, func() bool {
				_, err := her.Ping(within(t, time.Second), netip.MustParseAddr("198.51.100.2"), 8)
				return err == nil
			})
		}
		if n := log.times("nftables"); n != 6 {
			t.Errorf("it is said %d times", n)
		}
	})
}

// Nor is the end of following the tables one.
func TestTheEndOfTheMasqueradeIsNoError(t *testing.T) {
	var log written
	inside(t, func(ns *namespace) {
		newFarHost(t, "eth1", "198.51.100.1/24", "198.51.100.2/24")
		ns.run(t, Options{Masquerade: []string{"eth1"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		nft(t, "flush ruleset")
		eventually(t, "tables are followed", func() bool { return log.times("it is put back") == 1 })
	})
	if log.times("level=ERROR") > 0 {
		t.Error(log.b.String())
	}
}
