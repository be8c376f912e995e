package peer

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

// startOf is a Start-Control-Connection-Request of that host and vendor, octet
// for octet.
func startOf(t *testing.T, host, vendor string) string {
	t.Helper()
	start := octets(t, strings.Replace(strings.Replace(linuxStart, "local/64", "/64", 1), "cananian/64", "/64", 1))
	copy(start[len(start)-128:], host)
	copy(start[len(start)-64:], vendor)
	return string(start)
}

// known is what is known of the only peer that has a control connection.
func known(t *testing.T, h *host) quirk.Known {
	t.Helper()
	all := h.Conns()
	if len(all) != 1 || all[0].State != "established" {
		t.Fatalf("connections: %+v", all)
	}
	return all[0].Known
}

// A peer is treated as its software wants, unless an administrator says
// otherwise; what it says of itself is shown so that it can do no harm.
func TestSoftware(t *testing.T) {
	for _, tt := range []struct {
		name, host, vendor string
		said               quirk.Settings
		known              quirk.Known
		holds              string
	}{
		{"Linux", "local", "cananian", quirk.Settings{},
			quirk.Known{Software: quirk.Software{Host: "local", Vendor: "cananian", Firmware: 1}, Profile: "linux", Sets: []string{"window = false"}}, "window = false"},
		{"the administrator knows better", "local", "cananian", quirk.Settings{Window: 8},
			quirk.Known{Software: quirk.Software{Host: "local", Vendor: "cananian", Firmware: 1}, Profile: "linux"}, "window = 8"},
		{"a stranger's terminal codes", "\x1b[2J\n", strings.Repeat("\xff", 64), quirk.Settings{},
			quirk.Known{Software: quirk.Software{Host: "?[2J?", Vendor: strings.Repeat("?", 64), Firmware: 1}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := run(t, "2", nil)
			h.admits(func(netip.AddrPort) (Remote, error) { return Remote{Transport: UDP, Settings: tt.said}, nil })
			s := connect(t, h)
			if _, err := s.Write([]byte(startOf(t, tt.host, tt.vendor))); err != nil {
				t.Fatal(err)
			}
			s.hear(ourStart)
			got := known(t, h)
			if got.Software != tt.known.Software || got.Profile != tt.known.Profile || !slices.Equal(got.Sets, tt.known.Sets) {
				t.Errorf("known: %+v", got)
			}
			s.say(linuxCall)
			c := get(t, h.outgoing, "Outgoing")
			if got := strings.Join(c.Conn().Settings().Words(), ", "); got != tt.holds {
				t.Errorf("%q holds, want %q", got, tt.holds)
			}
			// A reply that nobody waits for changes nothing.
			s.say("009C 0001 1A2B3C4D 0002 0000  0100 01 00 00000003 00000003 0000 0009 other/64 other/64")
			s.say(echoRequest)
			s.hear(echoReply)
			if got := known(t, h); got.Software != tt.known.Software {
				t.Errorf("then known: %+v", got)
			}
		})
	}
}

// Settings of a connection that is there are changed for the calls to come.
func TestReconfigure(t *testing.T) {
	pac, pns := run(t, "2", nil), run(t, "3", nil)
	c := pac.dial(pns)
	for _, want := range []quirk.Window{quirk.NoWindow, 8} {
		pac.Reconfigure(func(one *Conn) (Remote, bool) { return Remote{Settings: quirk.Settings{Window: want}}, one == c })
		pac.Reconfigure(func(*Conn) (Remote, bool) { return Remote{}, false })
		if got := c.Settings(); got != (quirk.Settings{Window: want}) {
			t.Errorf("%+v, want window %d", got, want)
		}
	}
}

// established counts the control connections that a host has.
func (h *host) established(want int64) func() bool {
	return func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.stats.Established.Load() == want && int64(len(h.conns)) == want
	}
}

// one is how another host dials this one, with a connection for each call.
func (h *host) one() Remote {
	r := h.remote()
	r.OneCall = true
	return r
}

// Each call has a control connection of its own, which ends when the call does,
// whoever ends it; that of other calls stands beside.
func TestOneCallPerConnection(t *testing.T) {
	pac, pns := run(t, "2", nil), run(t, "3", nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	shared := pac.dial(pns)
	var conns []*Conn
	var atPAC, atPNS []*Call
	for serial := range uint16(3) {
		c, err := pac.Dial(ctx, pns.one())
		if err != nil {
			t.Fatal(err)
		}
		near, far := call(t, c, pns, serial)
		conns, atPAC, atPNS = append(conns, c), append(atPAC, near), append(atPNS, far)
	}
	if conns[0] == conns[1] || conns[1] == conns[2] || slices.Contains(conns, shared) || !pns.established(4)() {
		t.Errorf("connections %p, beside %p; the PNS has %d", conns, shared, pns.stats.Established.Load())
	}
	if again := pac.dial(pns); again != shared {
		t.Error("Dial finds the connection of one call")
	}
	atPAC[0].Disconnect(pptp.CallDisconnectNotify{Result: pptp.LostCarrier})
	if e := event(t, atPNS[0], Ended); e.Err == nil || !strings.Contains(e.Err.Error(), "Lost Carrier") {
		t.Errorf("the PNS hears %v before the connection ends", e.Err)
	}
	atPNS[1].Clear()
	event(t, atPAC[1], Cleared)
	atPAC[1].Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
	for _, c := range conns[:2] {
		gone(t, c.Done(), "the call's connection")
		if !errors.Is(c.Err(), ErrClosed) {
			t.Errorf("it ended with %v", c.Err())
		}
	}
	eventually(t, "two are left at both ends", func() bool { return pac.established(2)() && pns.established(2)() })
	if len(atPAC[2].Events()) > 0 || conns[2].Err() != nil || shared.Err() != nil {
		t.Error("another call was touched")
	}
}

// A connection for one call that has come to nothing is closed.
func TestOneCallThatIsNone(t *testing.T) {
	pac, pns := run(t, "2", nil), run(t, "3", nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := pac.Dial(ctx, pns.one())
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 1)
	go func() {
		_, err := c.Offer(ctx, pptp.IncomingCallRequest{})
		refused <- err
	}()
	get(t, pns.incoming, "Incoming").Refuse(uint8(pptp.IncomingDoNotAccept), 0)
	if err := get(t, refused, "the answer"); err == nil {
		t.Error("the call was not refused")
	}
	gone(t, c.Done(), "the connection of a call that was refused")

	// Nobody waits for this one: the attempt goes on without her.
	hurry, stop := context.WithCancelCause(t.Context())
	admitted, goes := make(chan bool), make(chan bool)
	var asked atomic.Int32
	pns.admits(func(netip.AddrPort) (Remote, error) {
		if asked.Add(1) == 2 { // once it came, once it said who it is
			admitted <- true
			<-goes
		}
		return Remote{Transport: UDP}, nil
	})
	left := make(chan error, 1)
	go func() {
		_, err := pac.Dial(hurry, pns.one())
		left <- err
	}()
	get(t, admitted, "Admit")
	stop(errors.New("she hung up"))
	if err := get(t, left, "Dial"); err == nil || err.Error() != "she hung up" {
		t.Errorf("Dial: %v", err)
	}
	close(goes)
	eventually(t, "no connection is left", func() bool { return pac.established(0)() && pns.established(0)() })
}
