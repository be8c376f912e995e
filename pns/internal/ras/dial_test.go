package ras

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A dialler is a PAC that has lines: each Outgoing-Call-Request goes to the test.
type dialler struct {
	nobody
	calls chan *peer.Call
}

func (d dialler) Outgoing(c *peer.Call) { d.calls <- c }

func (d dialler) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Transport: peer.UDP}, nil
}

// switchboard is a server that may have numbers dialled by a PAC whose address it
// knows, and that PAC.
func switchboard(t *testing.T) (*RAS, ends, dialler) {
	r, over, _, e := serve(t)
	pac := dialler{calls: make(chan *peer.Call, 1)}
	at := endpoint(t, "atlanta", pacAt, pac)
	s := r.use.Load().Settings
	s.PACs[0].Remote = peer.Remote{Addr: at.Addr(), Transport: peer.UDP, UDPPort: at.UDPAddr().Port()}
	r.apply(s)
	r.Over(e)
	return r, over, pac
}

// rung is what a test has of a number that is being dialled.
func (d dialler) rung(t *testing.T) *peer.Call {
	t.Helper()
	select {
	case c := <-d.calls:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("the PAC is not asked")
		return nil
	}
}

// dials has a number dialled; its name or its error comes.
func dials(ctx context.Context, r *RAS, n Number) <-chan error {
	outcome := make(chan error, 1)
	go func() {
		_, err := r.Dial(ctx, n)
		outcome <- err
	}()
	return outcome
}

// The PAC is connected to, and asked for what is wanted; the call is shown while it
// is dialled, and is a session with the line's speed afterwards, which the operator
// may end.
func TestDial(t *testing.T) {
	r, over, pac := switchboard(t)
	outcome := dials(t.Context(), r, Number{Phone: "5551212", Subaddress: "7", MinimumBPS: 9600, MaximumBPS: 33600})
	asked := pac.rung(t)
	if req, _ := asked.Request().(pptp.OutgoingCallRequest); req.PhoneNumber != "5551212" || req.Subaddress != "7" || req.MinimumBPS != 9600 ||
		req.MaximumBPS != 33600 || req.BearerType&pptp.Analog == 0 || req.FramingType&pptp.Asynchronous == 0 || req.Window != recvWindow || req.CallSerialNumber == 0 {
		t.Errorf("asked for %+v", req)
	}
	c := r.Running()[0]
	if len(r.Running()) != 1 || !c.Outgoing || c.Stage != record.Dialling || c.Called != "5551212" || c.Peer != "atlanta" || c.Name != asked.Name() {
		t.Errorf("shown while it is dialled: %+v", c)
	}
	asked.Answer(pptp.OutgoingCallReply{ConnectSpeed: 28800, Window: 2})
	if err := <-outcome; err != nil {
		t.Fatal(err)
	}
	if c := r.Running()[0]; len(r.Running()) != 1 || !c.Outgoing || c.Name != asked.Name() {
		t.Errorf("shown afterwards: %+v", c)
	}
	if err := r.Hangup(asked.Name()); err != nil {
		t.Error(err)
	}
	for e := range asked.Events() {
		if e.Kind == peer.Cleared {
			asked.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
		}
	}
	if c := over.next(t); c.Reason != record.Operator || !c.Outgoing || c.Rate != 28800 {
		t.Errorf("ended as %+v", c)
	}
}

// Whatever the PAC says, by the numbers of RFC 2637 §2.8 and §2.16, is remembered
// and told.
func TestDialIsRefused(t *testing.T) {
	r, over, pac := switchboard(t)
	for _, tt := range []struct {
		result, code uint8
		why          record.EndReason
		text         string
	}{
		{3, 0, record.NoCarrier, "No Carrier"},
		{4, 0, record.NumberBusy, "Busy"},
		{5, 0, record.NoDialTone, "No Dial Tone"},
		{6, 0, record.NoAnswer, "Time-out"},
		{7, 0, record.NumberRefused, "Do Not Accept"},
		{2, 4, record.NoLine, "No-Resource"},
		{2, 3, record.NumberRefused, "Bad-Value"},
		{2, 6, record.LineFault, "PAC-Error"},
	} {
		outcome := dials(t.Context(), r, Number{PAC: "atlanta", Phone: "5551212"})
		pac.rung(t).Refuse(tt.result, tt.code)
		var why *DialError
		if err := <-outcome; !errors.As(err, &why) || why.Reason != tt.why || !strings.Contains(why.Text, tt.text) {
			t.Errorf("%d, %d: %v", tt.result, tt.code, err)
		}
		if c := over.next(t); c.Reason != tt.why || c.Stage != record.Dialling || !c.Outgoing || c.Ended.IsZero() || len(r.Running()) != 0 || r.Calls()[0].Name != c.Name {
			t.Errorf("%d, %d: remembered as %+v", tt.result, tt.code, c)
		}
	}
}

// A call that is placed for somebody else is in no list and no count of ours, connected
// or not; why it was not is told as to who dials here.
func TestPlace(t *testing.T) {
	r, over, pac := switchboard(t)
	type placed struct {
		call *peer.Call
		why  record.EndReason
		err  error
	}
	place := func(pac string) <-chan placed {
		outcome := make(chan placed, 1)
		go func() {
			c, why, err := r.Place(t.Context(), pac, pptp.OutgoingCallRequest{CallSerialNumber: 7, PhoneNumber: "5551212", BearerType: pptp.Digital})
			outcome <- placed{c, why, err}
		}()
		return outcome
	}
	if got := <-place("paris"); got.why != record.NoTunnel || got.err == nil {
		t.Errorf("by nobody: %+v", got)
	}
	outcome := place("atlanta")
	pac.rung(t).Refuse(4, 0)
	if got := <-outcome; got.why != record.NumberBusy || !strings.Contains(got.err.Error(), "Busy") {
		t.Errorf("busy: %+v", got)
	}
	outcome = place("atlanta")
	asked := pac.rung(t)
	if req, _ := asked.Request().(pptp.OutgoingCallRequest); req.PhoneNumber != "5551212" || req.BearerType != pptp.Digital || req.CallSerialNumber != 7 {
		t.Errorf("asked for %+v", req)
	}
	asked.Answer(pptp.OutgoingCallReply{ConnectSpeed: 28800, Window: 2})
	got := <-outcome
	if got.err != nil || got.why != record.Running || got.call.ConnectSpeed() != 28800 || got.call.Name() != asked.Name() {
		t.Errorf("connected: %+v", got)
	}
	if all := r.Calls(); len(all) != 0 || len(over) != 0 {
		t.Errorf("listed: %+v", all)
	}
}

// Who does not wait for the line, the operator, and a PAC that goes away while it
// dials, end the call; the PAC is asked to hang up where it is there.
func TestDialIsGivenUp(t *testing.T) {
	r, over, pac := switchboard(t)
	for _, tt := range []struct {
		what string
		do   func(stop context.CancelFunc, c *peer.Call)
		why  record.EndReason
	}{
		{"not waited for", func(stop context.CancelFunc, _ *peer.Call) { stop() }, record.Operator},
		{"hung up", func(_ context.CancelFunc, c *peer.Call) {
			if err := r.Hangup(c.Name()); err != nil {
				t.Error(err)
			}
		}, record.Operator},
		{"a PAC that goes away", func(_ context.CancelFunc, c *peer.Call) { c.Conn().Stop() }, record.ControlLost},
	} {
		ctx, stop := context.WithCancel(t.Context())
		outcome := dials(ctx, r, Number{Phone: "5551212"})
		call := pac.rung(t)
		tt.do(stop, call)
		if err := <-outcome; err == nil {
			t.Errorf("%s: connected", tt.what)
		}
		if c := over.next(t); c.Reason != tt.why {
			t.Errorf("%s: remembered as %+v", tt.what, c)
		}
		for e := range call.Events() {
			if e.Kind == peer.Ended && tt.why == record.Operator && !errors.Is(e.Err, peer.ErrCleared) {
				t.Errorf("%s: the PAC hears %v", tt.what, e.Err)
			}
		}
		stop()
	}
}

// What nobody can dial is said without asking.
func TestDialIsNotAsked(t *testing.T) {
	r, _, pac := switchboard(t)
	for _, tt := range []struct {
		n    Number
		text string
	}{
		{Number{PAC: "boston", Phone: "1"}, `no [[pac]] is called "boston"`},
		{Number{Phone: "1", User: "eve"}, `no user is called "eve"`},
	} {
		if _, err := r.Dial(t.Context(), tt.n); err == nil || err.Error() != tt.text {
			t.Errorf("%+v: %v", tt.n, err)
		}
	}
	s := r.use.Load().Settings
	s.PACs = append(s.PACs, PAC{Name: "boston", From: only(strangerAt), Remote: peer.Remote{Transport: peer.UDP}})
	r.apply(s)
	for n, text := range map[string]string{"": "through which of 2 PACs is not said", "boston": "boston has no control connection with us, and where it is is not configured"} {
		if _, err := r.Dial(t.Context(), Number{PAC: n, Phone: "1"}); err == nil || err.Error() != text {
			t.Errorf("through %q: %v", n, err)
		}
	}
	if len(pac.calls) != 0 {
		t.Error("the PAC was asked")
	}
}
