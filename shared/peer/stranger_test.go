package peer

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"carrier/shared/pptp"
)

// What pptp-linux 1.10 sends, recorded. It plays the PNS of an outgoing call.
const (
	linuxStart = "009C 0001 1A2B3C4D 0001 0000  0100 0000 00000003 00000003 FFFF 0001 local/64 cananian/64"
	linuxCall  = "00A8 0001 1A2B3C4D 0007 0000  6A47 0000 00000960 00989680 00000003 00000003 0003 0000 0007 0000 5551212/64 /64"
	linuxClear = "0010 0001 1A2B3C4D 000C 0000  6A47 0000"
)

// What we answer, from RFC 2637 §2.
const (
	ourStart     = "009C 0001 1A2B3C4D 0002 0000  0100 01 00 00000003 00000003 0000 0001 host2/64 Carrier/64"
	ourRefusal   = "009C 0001 1A2B3C4D 0002 0000  0100 04 00 00000003 00000003 0000 0001 host2/64 Carrier/64"
	ourBadVer    = "009C 0001 1A2B3C4D 0002 0000  0100 05 00 00000003 00000003 0000 0001 host2/64 Carrier/64"
	echoRequest  = "0010 0001 1A2B3C4D 0005 0000  11223344"
	echoReply    = "0014 0001 1A2B3C4D 0006 0000  11223344 01 00 0000"
	stopRequest  = "0010 0001 1A2B3C4D 0003 0000  01 00 0000"
	stopReply    = "0010 0001 1A2B3C4D 0004 0000  01 00 0000"
	shutdownStop = "0010 0001 1A2B3C4D 0003 0000  03 00 0000"
)

// The exchange of pptp-linux, answered octet for octet.
func TestExchangeOfPPTPLinux(t *testing.T) {
	h := run(t, "2", nil)
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
	s.say(linuxCall)
	c := get(t, h.outgoing, "Outgoing")
	if c.Name() != "local/0" || c.PeerID() != 0x6A47 || c.PeerWindow() != 3 {
		t.Errorf("%s: peer's id %#x, window %d", c.Name(), c.PeerID(), c.PeerWindow())
	}
	c.Answer(pptp.OutgoingCallReply{ConnectSpeed: 100000, Window: 64})
	id := hex16(c.ID())
	s.hear("0020 0001 1A2B3C4D 0008 0000 " + id + " 6A47 01 00 0000 000186A0 0040 0000 00000000")
	s.say(echoRequest)
	s.hear(echoReply)
	s.say(linuxClear)
	event(t, c, Cleared)
	c.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
	s.hear("0094 0001 1A2B3C4D 000D 0000 " + id + " 04 00 0000 0000 /128")
	s.say(stopRequest)
	s.hear(stopReply)
	if b := s.hearEnd(); len(b) > 0 {
		t.Errorf("after the stop: %x", b)
	}
}

// Linux's pptp gives the first call of each machine the same name.
func TestCallsOfOneName(t *testing.T) {
	h := run(t, "2", nil)
	var calls []*Call
	for range 2 {
		s := connect(t, h)
		s.say(linuxStart)
		s.hear(ourStart)
		s.say(linuxCall)
		calls = append(calls, get(t, h.outgoing, "Outgoing"))
	}
	if want := fmt.Sprintf("local/0#%d", calls[1].ID()); calls[0].Name() != "local/0" || calls[1].Name() != want {
		t.Errorf("%q and %q, want local/0 and %q", calls[0].Name(), calls[1].Name(), want)
	}
	calls[0].Refuse(uint8(pptp.OutgoingBusy), 0)
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
	s.say(linuxCall)
	if c := get(t, h.outgoing, "Outgoing"); c.Name() != "local/0" {
		t.Errorf("%q, after the first has ended", c.Name())
	}
}

func hex16(n uint16) string {
	const digits = "0123456789ABCDEF"
	return string([]byte{digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

// A PAC whose Call ID is 0, like pptpd's and Windows XP's, and which puts our
// Call ID into its Call-Disconnect-Notify, like accel-ppp.
func TestCallIDsOfOthers(t *testing.T) {
	for _, test := range []struct {
		name       string
		disconnect func(ours uint16) string
	}{
		{"its own, as RFC 2637 has it", func(uint16) string { return "0000" }},
		{"ours", hex16},
	} {
		h := run(t, "2", nil)
		s := connect(t, h)
		s.say(linuxStart)
		s.hear(ourStart)
		s.say("00DC 0001 1A2B3C4D 0009 0000  0000 1267 00000001 00000000 0007 0000 5551212/64 /64 /64")
		c := get(t, h.incoming, "Incoming")
		c.Accept(64, 0)
		s.hear("0018 0001 1A2B3C4D 000A 0000 " + hex16(c.ID()) + " 0000 01 00 0040 0000 0000")
		s.say("001C 0001 1A2B3C4D 000B 0000 " + hex16(c.ID()) + " 0000 00007080 0000 0000 00000001")
		event(t, c, Connected)
		// A second call with an ID that is in use: Bad-Call ID.
		s.say("00DC 0001 1A2B3C4D 0009 0000  0000 1268 00000001 00000000 0000 0000 /64 /64 /64")
		s.hear("0018 0001 1A2B3C4D 000A 0000 0000 0000 02 05 0000 0000 0000")
		s.say("0094 0001 1A2B3C4D 000D 0000 " + test.disconnect(c.ID()) + " 01 00 0000 0000 /128")
		if e := event(t, c, Ended); e.Err == nil || e.Err.Error() != "disconnected by the peer: Lost Carrier" {
			t.Errorf("%s: %v", test.name, e.Err)
		}
	}
}

func TestOctetByOctet(t *testing.T) {
	h := run(t, "2", nil)
	s := connect(t, h)
	for _, b := range octets(t, linuxStart+" "+echoRequest+" "+linuxCall) {
		if _, err := s.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	s.hear(ourStart + " " + echoReply)
	c := get(t, h.outgoing, "Outgoing")
	c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0)
	s.hear("0020 0001 1A2B3C4D 0008 0000 " + hex16(c.ID()) + " 6A47 07 00 0000 00000000 0000 0000 00000000")
}

func TestRefusedConnections(t *testing.T) {
	h := run(t, "2", nil)
	h.admits(func(from netip.AddrPort) (Remote, error) { return Remote{}, os.ErrPermission })
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourRefusal)
	s.hearEnd()
	h.admits(func(from netip.AddrPort) (Remote, error) { return Remote{Transport: GRE}, nil }) // which is not open here
	s = connect(t, h)
	s.say(linuxStart)
	s.hear(ourRefusal)
	s.hearEnd()
	s = connect(t, h)
	s.say("009C 0001 1A2B3C4D 0001 0000  0001 0000 00000003 00000003 FFFF 0001 local/64 cananian/64")
	s.hear(ourBadVer)
	s.hearEnd()
}

// RFC 2637 §1.4: loss of synchronisation closes at once, without an answer.
func TestGarbageClosesAtOnce(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"HTTP":           []byte("GET / HTTP/1.1\r\n\r\n"),
		"length 0":       octets(t, "0000"),
		"length 1":       octets(t, "0001"),
		"length 11":      octets(t, "000B"),
		"length 65535":   octets(t, "FFFF"),
		"wrong cookie":   octets(t, "009C 0001 1A2B3C4E"),
		"before a start": octets(t, echoRequest), // no other message may come first, §2.1
		"endless zeros":  make([]byte, 1<<20),
	} {
		h := run(t, "2", nil)
		s := connect(t, h)
		go s.Write(garbage)
		if b := s.hearEnd(); len(b) > 0 {
			t.Errorf("%s: answered %x", name, b)
		}
		s = connect(t, h) // and when established
		s.say(linuxStart)
		s.hear(ourStart)
		if name != "before a start" {
			go s.Write(garbage)
			s.hearEnd()
		}
	}
}

// messages is one of each kind, none of which belongs to a call of ours.
var messages = []string{
	linuxStart, ourStart, ourRefusal, stopRequest, stopReply, echoRequest, echoReply, linuxCall,
	"0020 0001 1A2B3C4D 0008 0000  0001 7777 01 00 0000 000186A0 0040 0000 00000000",
	"00DC 0001 1A2B3C4D 0009 0000  0001 1267 00000001 00000000 0007 0000 5551212/64 /64 /64",
	"0018 0001 1A2B3C4D 000A 0000  0001 7777 01 00 0040 0000 0000",
	"001C 0001 1A2B3C4D 000B 0000  7777 0000 00007080 0000 0000 00000001",
	"0010 0001 1A2B3C4D 000C 0000  7777 0000",
	"0094 0001 1A2B3C4D 000D 0000  7777 01 00 0000 0000 /128",
	"0028 0001 1A2B3C4D 000E 0000  7777 0000 00000001 00000000 00000000 00000000 00000000 00000000",
	"0018 0001 1A2B3C4D 000F 0000  7777 0000 00000000 00000000",
	"0010 0002 1A2B3C4D 0001 0000  00000000",
	"0010 0001 1A2B3C4D 0010 0000  00000000",
}

// Every message, and every two, to a fresh and to an established connection:
// the endpoint goes on serving, and leaves nothing behind.
func TestEveryMessageInEveryState(t *testing.T) {
	h := run(t, "2", nil)
	go func() {
		for {
			select {
			case c := <-h.incoming:
				c.Accept(1, 0)
			case c := <-h.outgoing:
				c.Answer(pptp.OutgoingCallReply{})
			case <-t.Context().Done():
				return
			}
		}
	}()
	for _, before := range []string{"", linuxStart, linuxStart + " " + linuxCall, linuxStart + " " + messages[9]} {
		for _, one := range messages {
			for _, two := range messages {
				s := connect(t, h)
				s.Write(octets(t, before+" "+one+" "+two))
				s.Close()
			}
		}
	}
	s := connect(t, h) // accepted behind all the others
	s.say(linuxStart)
	s.hear(ourStart)
	eventually(t, "only the last connection is left, and no call", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.conns) == 1 && h.stats.Calls.Load() == 0
	})
}

func descriptors(t testing.TB) int {
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

// A thousand bad connections leave neither goroutines nor descriptors.
func TestNothingLeaks(t *testing.T) {
	h := run(t, "2", nil)
	idle := func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.conns) == 0
	}
	var goroutines, files int
	for round := range 2 {
		for i := range 500 {
			s := connect(t, h)
			switch i % 4 {
			case 0:
				s.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
				s.hearEnd()
			case 1:
				s.say(linuxStart)
			case 2:
				s.say(linuxStart + " " + linuxCall)
			}
			s.Close()
		}
		eventually(t, "connections closed", idle)
		for range len(h.outgoing) {
			<-h.outgoing
		}
		if round == 0 {
			goroutines, files = runtime.NumGoroutine(), descriptors(t)
		}
	}
	eventually(t, "goroutines ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	eventually(t, "descriptors closed", func() bool { return descriptors(t) <= files })
}

// More silent connections than may be pending push out the oldest, so that an
// honest peer always gets in.
func TestSilentConnectionsAreBounded(t *testing.T) {
	h := run(t, "2", func(o *Options) { o.Pending = 5 })
	first := connect(t, h)
	eventually(t, "first accepted", func() bool { return h.stats.Pending.Load() == 1 })
	for range 20 {
		connect(t, h)
	}
	first.hearEnd()
	eventually(t, "pending", func() bool { return h.stats.Pending.Load() == 5 && h.stats.ConnsCrowded.Load() == 16 })
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
}

// At the end every peer is told, and has its time to answer.
func TestShutdown(t *testing.T) {
	h := run(t, "2", func(o *Options) { o.Stop = 200 * time.Millisecond })
	mute, polite := connect(t, h), connect(t, h)
	for _, s := range []*stranger{mute, polite} {
		s.say(linuxStart)
		s.hear(ourStart)
	}
	mute.say(linuxCall)
	c := get(t, h.outgoing, "Outgoing")
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		polite.hear(shutdownStop)
		polite.say(stopReply)
		polite.hearEnd()
	}()
	h.stop()
	if e := event(t, c, Ended); !errors.Is(e.Err, ErrControlLost) || !errors.Is(e.Err, ErrClosed) {
		t.Errorf("call: %v", e.Err)
	}
	<-answered
	mute.hear(shutdownStop)
	mute.hearEnd()
	if _, err := h.Dial(t.Context(), h.remote()); !errors.Is(err, ErrClosed) {
		t.Errorf("Dial afterwards: %v", err)
	}
}
