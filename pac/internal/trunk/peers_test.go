package trunk

import (
	"context"
	"io"
	"net/netip"
	"testing"
	"time"

	"carrier/hardware/line"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/pptp"
)

// A hub gives the calls that come to a trunk.
type hub struct{ trunk *Trunk }

func (hub) Admit(netip.AddrPort) (peer.Remote, error) { return peer.Remote{Transport: peer.UDP}, nil }
func (hub) Outgoing(*peer.Call)                       {}
func (h hub) Incoming(c *peer.Call) {
	if !h.trunk.Offer(c) {
		c.Refuse(uint8(pptp.IncomingGeneralError), uint8(pptp.NoResource))
	}
}

// payloads are those of the packets that come to a PAC.
type payloads chan string

func (p payloads) Wake(time.Time) {}
func (p payloads) Receive(packets [][]byte) {
	for _, b := range packets {
		if h, payload, err := gre.Parse(b); err == nil && h.HasSeq {
			p <- string(payload)
		}
	}
}

// brought is a call of a PAC's on a line, connected; came is what the PAC hears.
func brought(t *testing.T, l *Line, to *peer.Endpoint) (atPAC *peer.Call, came payloads) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(stop)
	conn, err := peertest.Local(t, "atlanta", hub{new(Trunk)}).Dial(ctx, peer.Remote{Addr: to.Addr(), Transport: peer.UDP, UDPPort: to.UDPAddr().Port()})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan line.Connect, 1)
	go func() {
		r, err := l.Ring(ctx)
		if err != nil || r.Called != "5551212" || r.Calling != "4045550001" {
			t.Errorf("rings as %+v, %v", r, err)
		}
		c, err := l.Answer(ctx)
		if err != nil {
			t.Error(err)
		}
		answered <- c
	}()
	req := pptp.IncomingCallRequest{CallSerialNumber: 7, BearerType: pptp.Analog, DialedNumber: "5551212", DialingNumber: "4045550001"}
	for atPAC == nil {
		if atPAC, err = conn.Offer(ctx, req); err != nil && ctx.Err() != nil {
			t.Fatal(err) // else the line does not wait yet
		}
	}
	came = make(payloads, 100)
	atPAC.Bind(came)
	atPAC.Connected(pptp.IncomingCallConnected{ConnectSpeed: 28800, Window: 2, FramingType: pptp.Asynchronous})
	if c := <-answered; c.Rate != 28800 || c.Text != "PPTP atlanta/7" {
		t.Errorf("answered as %+v", c)
	}
	return atPAC, came
}

// A line that is hung up keeps its call until the PAC has taken what was written
// last, and clears it then.
func TestHangUpAfterTheLastWords(t *testing.T) {
	trunk := new(Trunk)
	l := trunk.Line("atlanta/1")
	atPAC, came := brought(t, l, peertest.Local(t, "hub", hub{trunk}))
	if _, err := l.Write(framed("good bye")); err != nil {
		t.Fatal(err)
	}
	if got := <-came; got != "good bye" {
		t.Errorf("the PAC hears %q", got)
	}
	hungUp := make(chan error, 1)
	go func() { hungUp <- l.HangUp(context.Background()) }()
	select {
	case e := <-atPAC.Events():
		t.Fatalf("before the PAC has acknowledged the last words: %+v", e)
	case <-time.After(200 * time.Millisecond):
	}
	if err := atPAC.Send(gre.Header{CallID: atPAC.PeerID(), HasAck: true}.Append(nil, nil)); err != nil {
		t.Error(err)
	}
	if err := <-hungUp; err != nil {
		t.Error(err)
	}
	if e := <-atPAC.Events(); e.Kind != peer.Cleared {
		t.Errorf("afterwards: %+v", e)
	}
	if l.State() != line.Idle {
		t.Errorf("the line is %v", l.State())
	}
}

// A call that the PAC ends is a carrier that is lost.
func TestCallLost(t *testing.T) {
	trunk := new(Trunk)
	l := trunk.Line("atlanta/1")
	atPAC, _ := brought(t, l, peertest.Local(t, "hub", hub{trunk}))
	lost := l.Lost()
	atPAC.Disconnect(pptp.CallDisconnectNotify{Result: pptp.LostCarrier})
	select {
	case <-lost:
	case <-time.After(10 * time.Second):
		t.Fatal("the line does not notice")
	}
	if _, err := l.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("Read: %v", err)
	}
	if err := l.HangUp(context.Background()); err != nil {
		t.Error(err)
	}
}
