package peer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/pptp"
)

// Ten seconds' worth may come at once, then as many as the time makes good.
func TestAllowance(t *testing.T) {
	var a allowance
	now := time.Unix(1000, 0)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 50}, {0, 0}, {199 * time.Millisecond, 0}, {time.Millisecond, 1}, {2 * time.Second, 10}, {time.Hour, 50}} {
		now = now.Add(step.after)
		got := 0
		for a.take(5, now) {
			got++
		}
		if got != step.want {
			t.Errorf("%v later %d are let in, want %d", step.after, got, step.want)
		}
	}
}

// What is known of addresses does not grow with how many there are.
func TestSourcesAreForgotten(t *testing.T) {
	g := newGate()
	now := time.Now()
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	limits := Limits{All: 1, Source: 1, Rate: 1}
	if !g.enter(calls, address(1), "one", limits) {
		t.Fatal("the first is refused")
	}
	for i := range 1_000_000 {
		g.spend(connections, address(i), limits, now)
		now = now.Add(100 * time.Millisecond)
	}
	if n := len(g.sources); n > 2*fewSources {
		t.Errorf("%d sources are kept", n)
	}
	if g.enter(calls, address(1), "two", limits) {
		t.Error("a call was forgotten")
	}
	g.leave(calls, address(1), "one")
	if len(g.groups) != 1 || g.groups["two"] == nil || !g.enter(calls, address(1), "two", limits) {
		t.Errorf("a call that is over still counts, or its group does: %d", len(g.groups))
	}
}

// knock opens a TCP connection from an address, and says what it hears.
func knock(t *testing.T, h *host, from string) (nc net.Conn, heard <-chan pptp.Message) {
	nc, far := pipe(netip.AddrPortFrom(netip.MustParseAddr(from), 4000), addrPNS)
	h.serve(far)
	t.Cleanup(func() { nc.Close() })
	return nc, listen(nc)
}

// start is the answer to a Start-Control-Connection-Request from an address; 0:
// the connection was closed.
func start(t *testing.T, h *host, from string) (nc net.Conn, result pptp.StartResult, heard <-chan pptp.Message) {
	nc, heard = knock(t, h, from)
	nc.Write(octets(t, linuxStart))
	m, _ := (<-heard).(pptp.StartControlConnectionReply)
	return nc, m.Result, heard
}

// Control connections are bounded by source and in all, and what ends makes room.
func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		h.admits(func(from netip.AddrPort) (Remote, error) {
			name := "pac"
			if from.Addr().As4()[0] == 10 {
				name = "client"
			}
			return Remote{Name: name, Transport: UDP, Limits: Limits{All: 3, Source: 2}}, nil
		})
		var first net.Conn
		for i, step := range []struct {
			from string
			want pptp.StartResult
		}{
			{"10.0.0.1", pptp.StartOK}, {"10.0.0.1", pptp.StartOK}, {"10.0.0.1", pptp.StartNotAuthorized},
			{"10.0.0.2", pptp.StartOK}, {"10.0.0.3", pptp.StartNotAuthorized},
			{"192.0.2.9", pptp.StartOK}, // of another kind
		} {
			nc, got, _ := start(t, h, step.from)
			if got != step.want {
				t.Errorf("%d: from %s: %v, want %v", i, step.from, got, step.want)
			}
			if i == 0 {
				first = nc
			}
		}
		if n := h.stats.ConnsFull.Load(); n != 2 {
			t.Errorf("%d counted", n)
		}
		first.Close()
		synctest.Wait()
		for _, want := range []pptp.StartResult{pptp.StartOK, pptp.StartNotAuthorized} {
			if _, got, _ := start(t, h, "10.0.0.3"); got != want {
				t.Errorf("after one has ended: %v, want %v", got, want)
			}
		}
	})
}

// Who opens connections faster than she may is closed; others are not, nor is she
// when she has waited.
func TestRateOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		h.admits(func(netip.AddrPort) (Remote, error) { return Remote{Transport: UDP, Limits: Limits{Rate: 1}}, nil })
		for i := range 12 {
			want := pptp.StartOK
			if i >= 10 {
				want = 0
			}
			if _, got, _ := start(t, h, "10.0.0.1"); got != want {
				t.Errorf("connection %d: %v, want %v", i, got, want)
			}
		}
		if _, got, _ := start(t, h, "10.0.0.2"); got != pptp.StartOK {
			t.Errorf("another source: %v", got)
		}
		time.Sleep(time.Second)
		for _, want := range []pptp.StartResult{pptp.StartOK, 0} {
			if _, got, _ := start(t, h, "10.0.0.1"); got != want {
				t.Errorf("a second later: %v, want %v", got, want)
			}
		}
		if n := h.stats.ConnsFast.Load(); n != 3 {
			t.Errorf("%d counted", n)
		}
	})
}

// Calls are bounded as connections are, over all of a source's connections; what
// is refused leads a PAC to its next PNS.
func TestCallsAreBounded(t *testing.T) {
	for _, test := range []struct {
		name    string
		limits  Limits
		taken   int
		counted func(*Stats) uint64
		later   bool // another call is taken after a second
	}{
		{"at once", Limits{All: 3, Source: 3}, 3, func(s *Stats) uint64 { return s.CallsFull.Load() }, false},
		{"begun in a second", Limits{Rate: 2}, 20, func(s *Stats) uint64 { return s.CallsFast.Load() }, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
			h.admits(func(netip.AddrPort) (Remote, error) { return Remote{Transport: UDP, Limits: test.limits}, nil })
			one, _, hears := start(t, h, "10.0.0.1")
			other, _, _ := start(t, h, "10.0.0.1")
			call := func(nc net.Conn, id int) {
				nc.Write(octets(t, strings.Replace(linuxCall, "6A47", fmt.Sprintf("%04X", id), 1)))
				synctest.Wait()
			}
			for i := range test.taken {
				call([]net.Conn{one, other}[i%2], i)
			}
			call(one, 1000)
			m, _ := (<-hears).(pptp.OutgoingCallReply)
			if m.Result != pptp.OutgoingGeneralError || m.Error != pptp.NoResource || m.PeerCallID != 1000 {
				t.Errorf("%s: one more call: %+v", test.name, m)
			}
			if n := test.counted(h.stats); n != 1 || len(h.outgoing) != test.taken {
				t.Errorf("%s: %d refused, %d taken", test.name, n, len(h.outgoing))
			}
			time.Sleep(time.Second)
			call(other, 1001)
			if taken := len(h.outgoing) > test.taken; taken != test.later {
				t.Errorf("%s: a second later taken: %v", test.name, taken)
			}
			(<-h.outgoing).Refuse(uint8(pptp.OutgoingBusy), 0)
			time.Sleep(time.Second)
			was := len(h.outgoing)
			call(other, 1002)
			if len(h.outgoing) != was+1 {
				t.Errorf("%s: a call that is over still counts", test.name)
			}
		})
	}
}

// Settings of a reload bound the calls of connections that are there.
func TestReconfigureLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		nc, heard := established(t, h)
		h.Reconfigure(func(c *Conn) (Remote, bool) { return Remote{Limits: Limits{All: 1}}, true })
		nc.Write(octets(t, linuxCall+" "+strings.Replace(linuxCall, "6A47", "6A48", 1)))
		if m, ok := (<-heard).(pptp.OutgoingCallReply); !ok || m.Error != pptp.NoResource || m.PeerCallID != 0x6A48 {
			t.Errorf("the second call: %+v", m)
		}
	})
}

// Strangers have their own small share: a few hear that they are refused, more
// are closed, and none takes a place from those who may come.
func TestStrangersHaveAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		h.admits(func(from netip.AddrPort) (Remote, error) {
			if from.Addr() != addrPAC.Addr() {
				return Remote{}, errors.New("nobody")
			}
			return Remote{Transport: UDP}, nil
		})
		listed, _ := knock(t, h, "192.0.2.1")
		var strangers []<-chan pptp.Message
		var all []net.Conn
		for i := range strangersAll {
			nc, heard := knock(t, h, fmt.Sprintf("10.0.0.%d", i/strangersSource))
			strangers, all = append(strangers, heard), append(all, nc)
			if i == strangersSource-1 {
				if _, got, _ := start(t, h, "10.0.0.0"); got != 0 {
					t.Errorf("one more from one address: %v", got)
				}
			}
		}
		synctest.Wait()
		if n := h.stats.Pending.Load(); n != strangersAll+1 {
			t.Errorf("%d are waited for, want %d", n, strangersAll+1)
		}
		if _, got, _ := start(t, h, "10.0.1.1"); got != 0 {
			t.Errorf("one more of all: %v", got)
		}
		if n := h.stats.ConnsCrowded.Load(); n != 2 {
			t.Errorf("%d counted", n)
		}
		all[0].Write(octets(t, linuxStart))
		if m, _ := (<-strangers[0]).(pptp.StartControlConnectionReply); m.Result != pptp.StartNotAuthorized {
			t.Errorf("one who speaks hears %+v", m)
		}
		all[0].Close()
		synctest.Wait()
		if _, got, _ := start(t, h, "10.0.1.1"); got != pptp.StartNotAuthorized {
			t.Errorf("in the place of one who has gone: %v", got)
		}
		listed.Write(octets(t, linuxStart))
		synctest.Wait()
		if n := h.stats.Established.Load(); n != 1 {
			t.Errorf("who was there before the strangers: %d", n)
		}
		if _, got, _ := start(t, h, "192.0.2.1"); got != pptp.StartOK {
			t.Errorf("who may come: %v", got)
		}
	})
}

// Of the silent connections of one source the oldest go; those of others stay.
func TestSilenceOfOneSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
		patient, waits := knock(t, h, "10.0.0.1")
		var first <-chan pptp.Message
		for i := range 3 * silentSource {
			if _, heard := knock(t, h, "10.0.0.2"); i == 0 {
				first = heard
			}
		}
		synctest.Wait()
		if _, open := <-first; open {
			t.Error("the first one is not closed")
		}
		if n, crowded := h.stats.Pending.Load(), h.stats.ConnsCrowded.Load(); n != silentSource+1 || crowded != 2*silentSource {
			t.Errorf("%d are waited for, %d were closed", n, crowded)
		}
		patient.Write(octets(t, linuxStart))
		if m, ok := (<-waits).(pptp.StartControlConnectionReply); !ok || m.Result != pptp.StartOK {
			t.Errorf("another source: %+v", m)
		}
	})
}
