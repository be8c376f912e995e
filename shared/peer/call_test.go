package peer

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"carrier/shared/pptp"
)

func TestIncomingCall(t *testing.T) {
	pac := run(t, "1", func(o *Options) { o.OddIDs, o.PAC, o.Lines = true, true, 48 })
	pns := run(t, "2", nil)
	conn := pac.dial(pns)
	if conn.PeerHost() != "host2" || conn.Remote().Name != "host2" || conn.PeerAddr() != pns.Addr() {
		t.Errorf("peer %q, remote %+v, at %v", conn.PeerHost(), conn.Remote(), conn.PeerAddr())
	}
	a, n := call(t, conn, pns, 4711)
	if a.Name() != "host1/4711" || n.Name() != a.Name() {
		t.Errorf("names %q and %q", a.Name(), n.Name())
	}
	if a.ID()%2 != 1 || n.ID()%2 != 0 || a.PeerID() != n.ID() || n.PeerID() != a.ID() {
		t.Errorf("call ids %d, %d at the PAC, %d, %d at the PNS", a.ID(), a.PeerID(), n.ID(), n.PeerID())
	}
	if r, ok := n.Request().(pptp.IncomingCallRequest); !ok || r.DialedNumber != "5551212" || r.CallID != a.ID() {
		t.Errorf("request %+v", n.Request())
	}
	if a.PeerWindow() != 64 || a.PeerDelay() != 100*time.Millisecond || n.PeerWindow() != 2 || n.PeerDelay() != 800*time.Millisecond {
		t.Errorf("PAC sees %d, %v; PNS sees %d, %v", a.PeerWindow(), a.PeerDelay(), n.PeerWindow(), n.PeerDelay())
	}

	told := make(chan struct{}, 8)
	a.Notify(func() { told <- struct{}{} })
	n.SetLinkInfo(0x000A0000, 0)
	if e := event(t, a, LinkInfo); e.Message != (pptp.SetLinkInfo{PeerCallID: a.ID(), SendACCM: 0x000A0000}) {
		t.Errorf("%+v", e)
	}
	get(t, told, "notice")
	a.ErrorNotify(pptp.WANErrorNotify{CRCErrors: 3})
	if e := event(t, n, Errors); e.Message != (pptp.WANErrorNotify{PeerCallID: n.ID(), CRCErrors: 3}) {
		t.Errorf("%+v", e)
	}

	atPAC, atPNS := newInbox(), newInbox()
	a.Bind(atPAC)
	n.Bind(atPNS)
	if err := a.Send(packet(a.PeerID(), 0, "up 0"), packet(a.PeerID(), 1, "up 1")); err != nil {
		t.Fatal(err)
	}
	if one, two := get(t, atPNS.packets, "GRE"), get(t, atPNS.packets, "GRE"); one != "up 0" || two != "up 1" {
		t.Errorf("%q, %q", one, two)
	}
	n.Send(packet(n.PeerID(), 0, "down")) // to the port learnt from what came up
	if p := get(t, atPAC.packets, "GRE"); p != "down" {
		t.Errorf("%q", p)
	}

	a.Disconnect(pptp.CallDisconnectNotify{Result: pptp.LostCarrier, Statistics: "crc=3"})
	if e := event(t, a, Ended); e.Err != nil {
		t.Errorf("PAC: %v", e.Err)
	}
	var gone *DisconnectError
	if e := event(t, n, Ended); !errors.As(e.Err, &gone) || gone.Result != pptp.LostCarrier || gone.Statistics != "crc=3" {
		t.Errorf("PNS: %+v", e)
	}
	if err := a.Send([]byte{1}); !errors.Is(err, ErrCallEnded) {
		t.Errorf("Send after the end: %v", err)
	}
	if _, open := <-n.Events(); open {
		t.Error("an event after Ended")
	}
}

// Who is told of an event may wait, and ask the call: nothing waits for her.
func TestNotifyHoldsUpNobody(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	conn := pac.dial(pns)
	a, atPNS := call(t, conn, pns, 1)
	told, goOn, peer := make(chan struct{}, 8), make(chan bool), make(chan uint16, 8)
	defer close(goOn)
	a.Notify(func() {
		told <- struct{}{}
		if <-goOn {
			peer <- a.PeerID()
		}
	})
	atPNS.SetLinkInfo(1, 1)
	get(t, told, "notice")
	other, otherAtPNS := call(t, conn, pns, 2)
	otherAtPNS.SetLinkInfo(2, 2)
	event(t, other, LinkInfo)
	event(t, a, LinkInfo)
	atPNS.SetLinkInfo(3, 3)
	event(t, a, LinkInfo)
	get(t, told, "notice while the first is under way")
	for range 2 {
		goOn <- true
		if id := get(t, peer, "the call's answer"); id != atPNS.ID() {
			t.Errorf("the peer's call ID is %d, want %d", id, atPNS.ID())
		}
	}
}

func TestPNSClearsCall(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", func(o *Options) { o.OddIDs = true })
	a, n := call(t, pac.dial(pns), pns, 1)
	n.Clear()
	event(t, a, Cleared)
	a.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request, Statistics: "seconds=9"})
	if e := event(t, a, Ended); !errors.Is(e.Err, ErrCleared) {
		t.Errorf("PAC: %v", e.Err)
	}
	e := event(t, n, Ended)
	if m, ok := e.Message.(pptp.CallDisconnectNotify); e.Err != nil || !ok || m.Result != pptp.Request || m.Statistics != "seconds=9" {
		t.Errorf("PNS: %+v", e)
	}
}

func TestRefusals(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	conn := pac.dial(pns)
	for _, test := range []struct {
		result, code uint8
		want         string
	}{
		{2, uint8(pptp.NoResource), "call refused: General Error: No-Resource"},
		{3, 0, "call refused: Do Not Accept"},
	} {
		go func() { get(t, pns.incoming, "Incoming").Refuse(test.result, test.code) }()
		_, err := conn.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 1})
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Result != test.result || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	_, err := conn.Offer(t.Context(), pptp.IncomingCallRequest{DialedNumber: string(make([]byte, 65))})
	if err == nil || err.Error() != "Incoming-Call-Request: Dialed Number: 65 octets do not fit in 64" {
		t.Errorf("a number too long: %v", err)
	}
}

// The caller hangs up while it rings: the PNS learns that it lost the call.
func TestOfferGivenUp(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	conn := pac.dial(pns)
	gone := errors.New("caller gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		get(t, pns.incoming, "Incoming")
		cancel(gone)
	}()
	if _, err := conn.Offer(ctx, pptp.IncomingCallRequest{CallSerialNumber: 1}); !errors.Is(err, gone) {
		t.Errorf("Offer: %v", err)
	}
	eventually(t, "calls", func() bool { return pac.stats.Calls.Load() == 0 && pns.stats.Calls.Load() == 0 })
}

func TestAnswerAfterTheEndDoesNothing(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	a, n := call(t, pac.dial(pns), pns, 1)
	n.Accept(1, 1)
	n.Refuse(3, 0)
	n.Connected(pptp.IncomingCallConnected{})
	n.Disconnect(pptp.CallDisconnectNotify{}) // the PAC's message: not ours
	n.ErrorNotify(pptp.WANErrorNotify{})      // likewise
	a.SetLinkInfo(1, 1)                       // the PNS's
	a.Clear()
	n.SetLinkInfo(7, 7)
	if e := event(t, a, LinkInfo); e.Message.(pptp.SetLinkInfo).SendACCM != 7 {
		t.Errorf("%+v", e)
	}
	a.Disconnect(pptp.CallDisconnectNotify{Statistics: string(make([]byte, 200))}) // does not fit: goes without
	event(t, a, Ended)
	event(t, n, Ended)
	a.Disconnect(pptp.CallDisconnectNotify{})
	n.Clear()
	n.SetLinkInfo(1, 1)
	a.WakeAt(time.Now())
	if pns.stats.MessagesUnexpected.Load()+pac.stats.MessagesUnexpected.Load() != 0 {
		t.Error("a message was sent that the peer had no use for")
	}
}

func TestControlConnectionLost(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	conn := pac.dial(pns)
	a, n := call(t, conn, pns, 1)
	conn.nc.Close() // as a cable that is cut, but sooner
	for _, c := range []*Call{a, n} {
		if e := event(t, c, Ended); !errors.Is(e.Err, ErrControlLost) {
			t.Errorf("%v", e.Err)
		}
		if err := c.Send([]byte{1}); !errors.Is(err, ErrCallEnded) {
			t.Errorf("Send: %v", err)
		}
	}
	gone(t, conn.Done(), "connection")
	if _, err := conn.Offer(t.Context(), pptp.IncomingCallRequest{}); !errors.Is(err, ErrControlLost) {
		t.Errorf("Offer on it: %v", err)
	}
	if again := pac.dial(pns); again == conn {
		t.Error("Dial returned the dead connection")
	}
}

func TestOutgoingCall(t *testing.T) {
	pns, pac := run(t, "1", nil), run(t, "2", func(o *Options) {
		o.OddIDs, o.Timers.Disconnect = true, 100*time.Millisecond
	})
	conn := pns.dial(pac)
	go func() {
		c := get(t, pac.outgoing, "Outgoing")
		c.Answer(pptp.OutgoingCallReply{ConnectSpeed: 28800, Window: 4, Delay: 3})
	}()
	n, err := conn.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 9, Window: 16, PhoneNumber: "5551212"})
	if err != nil {
		t.Fatal(err)
	}
	if n.PeerWindow() != 4 || n.PeerDelay() != 300*time.Millisecond || n.Name() != "host1/9" {
		t.Errorf("%s: window %d, delay %v", n.Name(), n.PeerWindow(), n.PeerDelay())
	}
	n.Clear()
	if e := event(t, n, Ended); e.Err != nil { // nobody answers Cleared: it is answered all the same
		t.Errorf("%v", e.Err)
	}
}

// A PNS places a call at a PAC that has opened the control connection, and whose UDP
// port it therefore cannot know: the PAC opens the path, and what the PNS sends at
// once waits for that.
func TestOutgoingCallAtWhoeverConnected(t *testing.T) {
	pac, pns := run(t, "33", nil), run(t, "34", nil)
	pns.admits(func(netip.AddrPort) (Remote, error) { return Remote{Name: "atlanta", Transport: UDP}, nil })
	if pns.Of("atlanta") != nil {
		t.Error("there is a control connection before anybody connects")
	}
	pac.dial(pns)
	conn := pns.Of("atlanta")
	if conn == nil || pns.Of("boston") != nil {
		t.Fatal("the control connection is not found by its peer's name, or by another")
	}
	placed := make(chan *Call, 1)
	go func() {
		c, err := conn.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 1, PhoneNumber: "5551212"})
		if err != nil {
			t.Error(err)
		}
		placed <- c
	}()
	in := newInbox()
	atPAC := get(t, pac.outgoing, "Outgoing")
	atPAC.Bind(in)
	atPAC.Answer(pptp.OutgoingCallReply{ConnectSpeed: 28800, Window: 2})
	atPNS := get(t, placed, "Place")
	if atPNS == nil {
		t.FailNow()
	}
	if got := atPNS.ConnectSpeed(); got != 28800 {
		t.Errorf("Connect Speed %d", got)
	}
	if err := atPNS.Send(packet(atPNS.PeerID(), 0, "hello")); err != nil {
		t.Error(err)
	}
	if got := get(t, in.packets, "GRE"); got != "hello" {
		t.Errorf("the PAC hears %q", got)
	}
}

func TestOutgoingCallRefused(t *testing.T) {
	pns, pac := run(t, "1", nil), run(t, "2", nil)
	go func() { get(t, pac.outgoing, "Outgoing").Refuse(uint8(pptp.OutgoingBusy), 0) }()
	_, err := pns.dial(pac).Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 9})
	if err == nil || err.Error() != "call refused: Busy" {
		t.Errorf("%v", err)
	}
}

func TestNotAdmitted(t *testing.T) {
	pac, pns := run(t, "1", nil), run(t, "2", nil)
	pns.admits(func(from netip.AddrPort) (Remote, error) { return Remote{}, errors.New("not in the list") })
	_, err := pac.Dial(t.Context(), pns.remote())
	var start *StartError
	if !errors.As(err, &start) || start.Result != pptp.StartNotAuthorized {
		t.Errorf("%v", err)
	}
	if n := pns.stats.ConnsRefused.Load(); n != 1 {
		t.Errorf("%d refused", n)
	}
}
