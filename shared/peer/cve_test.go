package peer

import (
	"strings"
	"sync"
	"testing"

	"carrier/shared/pptp"
)

// What the sequences below leave must be one call at most, and an endpoint that
// goes on.
func (h *host) goesOn(t *testing.T) {
	t.Helper()
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
	s.Close()
	eventually(t, "nothing is left", func() bool { return h.stats.Calls.Load() == 0 && h.established(0)() })
}

// CVE-2022-23253: a second Incoming-Call-Connected for the same call led Windows'
// PPTP driver to a pointer that was no longer there. The first connects the call,
// the second is counted and left alone.
func TestCVE202223253ConnectedTwice(t *testing.T) {
	h := run(t, "2", nil)
	s := connect(t, h)
	s.say(linuxStart)
	s.hear(ourStart)
	s.say("00DC 0001 1A2B3C4D 0009 0000  1234 1267 00000001 00000000 0007 0000 5551212/64 /64 /64")
	c := get(t, h.incoming, "Incoming")
	c.Accept(64, 0)
	s.hear("0018 0001 1A2B3C4D 000A 0000 " + hex16(c.ID()) + " 1234 01 00 0040 0000 0000")
	connected := "001C 0001 1A2B3C4D 000B 0000 " + hex16(c.ID()) + " 0000 00000040 0040 0000 00000001 "
	s.say(connected + connected)
	s.say(echoRequest)
	s.hear(echoReply)
	event(t, c, Connected)
	if n := h.stats.MessagesUnexpected.Load(); n != 1 || len(c.Events()) > 0 {
		t.Errorf("%d messages left alone, %d events", n, len(c.Events()))
	}
	c.Clear()
	s.hear("0010 0001 1A2B3C4D 000C 0000 " + hex16(c.ID()) + " 0000")
	s.say("0094 0001 1A2B3C4D 000D 0000  1234 04 00 0000 0000 /128")
	if e := event(t, c, Ended); e.Err != nil {
		t.Errorf("the call ended with %v", e.Err)
	}
	s.Close()
	h.goesOn(t)
}

// CVE-2022-21972: Windows' PPTP driver freed what belongs to a control connection
// while its messages were still being handled. Here connections are torn down, by
// either end, while calls are placed on them and their owners answer.
func TestCVE202221972TornDownWhileCalled(t *testing.T) {
	h := run(t, "2", nil)
	quit := make(chan struct{})
	var owners sync.WaitGroup
	defer owners.Wait()
	defer close(quit)
	for range 2 {
		owners.Go(func() {
			for {
				select {
				case c := <-h.outgoing:
					c.Bind(newInbox())
					c.Answer(pptp.OutgoingCallReply{})
					_ = c.Send(packet(c.PeerID(), 0, "x")) // over or not
					c.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
				case c := <-h.incoming:
					c.Accept(64, 0)
					c.Clear()
				case <-quit:
					return
				}
			}
		})
	}
	var all strings.Builder
	for i := range 20 {
		id := hex16(uint16(i))
		all.WriteString(strings.Replace(linuxCall, "6A47", id, 1) + " ")
		all.WriteString("00DC 0001 1A2B3C4D 0009 0000  " + hex16(uint16(100+i)) + " 1267 00000001 00000000 0007 0000 5551212/64 /64 /64 ")
		all.WriteString("0010 0001 1A2B3C4D 000C 0000 " + id + " 0000 ")
	}
	calls := octets(t, linuxStart+" "+all.String())
	for i := range 300 {
		s := connect(t, h)
		switch i % 3 {
		case 0: // by the stranger, in the middle
			s.Write(calls)
			s.reset()
		case 1: // by a message behind them
			s.Write(calls)
			s.Write(octets(t, stopRequest))
		case 2: // by us, while they come
			go func() {
				for _, c := range h.all() {
					c.Stop()
				}
			}()
			s.Write(calls)
		}
		s.Close()
	}
	eventually(t, "every call is over", func() bool { return h.stats.Calls.Load() == 0 && len(h.all()) == 0 })
	h.goesOn(t)
}

// xebd/accel-ppp issue 158: a Call-Clear-Request while the Outgoing-Call-Request
// is not yet answered read what lies before accel-ppp's stack. Here it ends the
// call, and an answer that comes later says nothing.
func TestAccelPPP158ClearBeforeTheReply(t *testing.T) {
	h := run(t, "2", nil)
	s := connect(t, h)
	s.say(linuxStart + " " + linuxCall + " " + linuxClear)
	s.hear(ourStart)
	c := get(t, h.outgoing, "Outgoing")
	s.hear("0094 0001 1A2B3C4D 000D 0000 " + hex16(c.ID()) + " 04 00 0000 0000 /128")
	event(t, c, Ended)
	c.Answer(pptp.OutgoingCallReply{})
	s.say(linuxClear + " " + echoRequest) // of a call that is no more
	s.hear(echoReply)
	s.Close()
	h.goesOn(t)
}
