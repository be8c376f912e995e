package relay

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/lan"
)

var (
	saran, bob, eve, branch = ip("2.1.1.129"), ip("2.1.1.130"), ip("2.1.1.131"), ip("2.1.1.132")
	printer                 = ip("2.1.1.10")
	all                     = lan.Broadcast
	mdns                    = ip("224.0.0.251")
	subnet                  = netip.MustParsePrefix("2.1.1.0/24")
	behind                  = netip.MustParsePrefix("10.1.0.0/24")
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// An office is some callers, one of them a branch with a network behind it, and a LAN.
type office struct {
	*Relay
	stats Stats
	table lan.Table

	mu  sync.Mutex
	got []string
}

// A host takes packets, of which the office notes what is in them.
type host struct {
	o    *office
	name string
}

func (h host) Deliver(packets [][]byte) {
	for _, p := range packets {
		h.o.note(h.name, p)
	}
}

func (o *office) note(who string, p []byte) {
	h, err := lan.Parse(p)
	if err != nil || lan.ChecksumUDP(h.Src, h.Dst, p[h.Len:h.Total]) != 0 {
		who += " broken"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, fmt.Sprintf("%s: %v to %v", who, h.Src, h.Dst))
}

// saw is what was noted since, sorted.
func (o *office) saw() string {
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.Sort(o.got)
	s := strings.Join(o.got, "; ")
	o.got = nil
	return s
}

// opened is an office that works until the test ends; it is to be called in a bubble.
func opened(t *testing.T, ports ...uint16) *office {
	t.Helper()
	o := new(office)
	o.Relay = New(Options{Ports: ports, Rate: 5, Total: 8}, &o.table, &o.stats)
	o.Subnets([]netip.Prefix{subnet})
	for a, name := range map[netip.Addr]string{saran: "saran", bob: "bob", branch: "branch"} {
		if _, err := o.table.Attach(a, 0, host{o, name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.table.Attach(ip("2001:db8::"), 0, host{o, "IPv6"}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.table.Delegate(behind, 0, host{o, "behind the branch"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.Run(ctx, func(p []byte) { o.note("LAN", p) })
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return o
}

func udp(from, to netip.Addr, port uint16) []byte {
	return lan.AppendUDP(nil, 1, netip.AddrPortFrom(from, port), netip.AddrPortFrom(to, port), []byte("who is there?"))
}

// Who is reached by what, and by whom: each once, and never the sender.
func TestWhoHears(t *testing.T) {
	spoil := func(p []byte, at int, with byte) []byte {
		p[at] = with
		lan.SetChecksum(p[:20])
		return p
	}
	bare := func(p []byte) []byte { // without a checksum of UDP
		p[26], p[27] = 0, 0
		return p
	}
	const callers = "bob: 2.1.1.129 to 255.255.255.255; branch: 2.1.1.129 to 255.255.255.255"
	synctest.Test(t, func(t *testing.T) {
		o := opened(t, 137, 5353)
		for _, tt := range []struct {
			what   string
			caller bool // it comes from one
			packet []byte
			want   string
		}{
			{"a caller's broadcast", true, udp(saran, all, 137), "LAN: 2.1.1.129 to 255.255.255.255; " + callers},
			{"of the LAN's network", true, udp(saran, ip("2.1.1.255"), 137), "LAN: 2.1.1.129 to 2.1.1.255; " + callers},
			{"to a group", true, udp(bob, mdns, 5353), "LAN: 2.1.1.130 to 224.0.0.251; branch: 2.1.1.130 to 224.0.0.251; saran: 2.1.1.130 to 224.0.0.251"},
			{"of another service", true, udp(saran, all, 138), ""},
			{"to one host", true, udp(saran, printer, 137), ""},
			{"of another network", true, udp(saran, ip("2.1.2.255"), 137), ""},
			{"of a stranger", true, udp(eve, all, 137), ""},
			{"from behind the branch", true, udp(ip("10.1.0.7"), all, 137), ""},
			{"a part of a packet", true, spoil(udp(saran, all, 137), 6, 0x20), ""},
			{"the rest of one", true, spoil(udp(saran, all, 137), 7, 9), ""},
			{"TCP", true, spoil(udp(saran, all, 137), 9, 6), ""},
			{"IPv6", true, append([]byte{0x60}, make([]byte, 60)...), ""},
			{"nothing", true, nil, ""},

			{"a host's broadcast", false, udp(printer, ip("2.1.1.255"), 137), "bob: 2.1.1.10 to 255.255.255.255; branch: 2.1.1.10 to 255.255.255.255; saran: 2.1.1.10 to 255.255.255.255"},
			{"whose checksum is not there yet", false, append(udp(printer, all, 137)[:26], append([]byte{0x12, 0x34}, "who is there?"...)...), "bob: 2.1.1.10 to 255.255.255.255; branch: 2.1.1.10 to 255.255.255.255; saran: 2.1.1.10 to 255.255.255.255"},
			{"without one", false, append(bare(udp(printer, mdns, 5353)), 0, 0, 0), "bob broken: 2.1.1.10 to 224.0.0.251; branch broken: 2.1.1.10 to 224.0.0.251; saran broken: 2.1.1.10 to 224.0.0.251"},
			{"of another service", false, udp(printer, all, 138), ""},
			{"what a caller has sent, which came round", false, udp(saran, all, 137), ""},
			{"or the branch", false, udp(ip("10.1.0.7"), all, 137), ""},
			{"from nobody", false, udp(ip("0.0.0.0"), all, 137), ""},
			{"to one host", false, udp(printer, saran, 137), ""},
		} {
			time.Sleep(time.Minute)
			before := slices.Clone(tt.packet)
			if tt.caller {
				o.FromCaller(time.Now(), tt.packet)
			} else {
				o.FromLAN(time.Now(), tt.packet)
			}
			if got := o.saw(); got != tt.want {
				t.Errorf("%s:\n%s\nwant\n%s", tt.what, got, tt.want)
			}
			if !slices.Equal(before, tt.packet) {
				t.Errorf("%s: the packet was changed", tt.what)
			}
		}
		if up, down, over := o.stats.Up.Load(), o.stats.Down.Load(), o.stats.Over.Load(); up != 3 || down != 3 || over != 0 {
			t.Errorf("%d up, %d down, %d over", up, down, over)
		}
	})
}

// One caller's flood is held to her rate, that of all to the total, and leaves the LAN's
// hosts theirs; what is over is counted. Later they may again.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := opened(t, 137)
		flood := func(from netip.Addr) int {
			for range 100 {
				if from == printer {
					o.FromLAN(time.Now(), udp(from, all, 137))
				} else {
					o.FromCaller(time.Now(), udp(from, all, 137))
				}
				synctest.Wait()
			}
			return strings.Count(o.saw(), from.String()) / 3 // the LAN and two callers, or three
		}
		for range 2 {
			for _, step := range []struct {
				from netip.Addr
				want int
			}{{saran, 5}, {bob, 3}, {branch, 0}, {printer, 8}} {
				if got := flood(step.from); got != step.want {
					t.Errorf("%v: %d packets pass, want %d", step.from, got, step.want)
				}
			}
			time.Sleep(time.Minute)
		}
		if up, down, over := o.stats.Up.Load(), o.stats.Down.Load(), o.stats.Over.Load(); up != 16 || down != 16 || over != 800-32 {
			t.Errorf("%d up, %d down, %d over", up, down, over)
		}
	})
}

// What is remembered of callers who have sent something once does not grow.
func TestForgetsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := opened(t, 137)
		for n := range 20 * quiet {
			a := netip.AddrFrom4([4]byte{10, 9, byte(n >> 8), byte(n)})
			detach, err := o.table.Attach(a, 0, host{o, "another"})
			if err != nil {
				t.Fatal(err)
			}
			o.FromCaller(time.Now(), udp(a, all, 137))
			detach()
			time.Sleep(time.Second)
		}
		if n := len(o.each); n > quiet {
			t.Errorf("%d callers are remembered", n)
		}
	})
}
