package scenario

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/console"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A number is no person: who answers must be the user that was meant, where one
// was.
func TestDialOutToAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{phones: exchange.Options{Timing: quick}, callers: 2, atlanta: permits})
	w.introduced(0)
	if _, err := w.pns.Dial(within(t), console.Number{Phone: "4045550002", User: "eve"}); err == nil || !strings.Contains(err.Error(), `no user is called "eve"`) {
		t.Errorf("a call to nobody: %v", err)
	}
	for i, user := range []string{"saran", "bob"} {
		m := w.listens(1)
		up := m.tries(bob())
		if _, err := w.pns.Dial(within(t), console.Number{Phone: "4045550002", User: user}); err != nil {
			t.Fatal(err)
		}
		switch c := <-up; {
		case user == "saran" && c != nil:
			t.Error("bob is in, where saran is meant")
		case user == "bob" && c == nil:
			t.Error("bob is not let in")
		case c != nil:
			w.reads(c)
			c.Close()
		}
		m.Close()
		down := w.pns.ended(i + 2)
		if want := map[string]record.EndReason{"saran": record.AuthFailed, "bob": record.CallerHungUp}[user]; down.Reason != want {
			t.Errorf("%s is meant: %+v", user, down)
		}
		w.pac.ended(i + 2)
		w.ready("courier/1")
	}
}

// A PNS that opens the control connection itself learns by the RFC's numbers what
// comes of its requests, those that a modem cannot fulfil among them, and of a call
// that is connected the speed. A stranger gets no control connection.
func TestDialOutResultCodes(t *testing.T) {
	t.Parallel()
	at, here := loopback(), loopback()
	w := newWorld(t, setting{callers: 2, line: exchange.Conditions{Rate: 28800}, phones: exchange.Options{Timing: quick},
		top: fmt.Sprintf("listen = \"%s:1723\"\n", at),
		pac: fmt.Sprintf("[[pns]]\nname = \"puppet\"\nconnect = %[1]q\ntransport = \"udp\"\nfrom = [%[1]q]\ndial = [\"4045550002\", \"4045559*\"]\n", here)})
	pac := peer.Remote{Name: "atlanta", Addr: netip.AddrPortFrom(netip.MustParseAddr(at), 1723), Transport: peer.UDP}
	var refused *peer.StartError
	if _, err := newPuppet(t, loopback()).Dial(within(t), pac); !errors.As(err, &refused) || refused.Result != pptp.StartNotAuthorized {
		t.Errorf("a stranger gets %v", err)
	}
	conn, err := newPuppet(t, here).Dial(within(t), pac)
	if err != nil {
		t.Fatal(err)
	}
	good := pptp.OutgoingCallRequest{MaximumBPS: 64000, BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous, Window: 64, PhoneNumber: "4045550002"}
	for i, tt := range []struct {
		what         string
		ask          func(*pptp.OutgoingCallRequest)
		result, code uint8
	}{
		{"a number that it may not have dialled", func(r *pptp.OutgoingCallRequest) { r.PhoneNumber = "4045550001" }, 7, 0},
		{"a number that begins as one that it may", func(r *pptp.OutgoingCallRequest) { r.PhoneNumber = "40455500021" }, 7, 0},
		{"no number", func(r *pptp.OutgoingCallRequest) { r.PhoneNumber = "" }, 2, 3},
		{"a digital line", func(r *pptp.OutgoingCallRequest) { r.BearerType = pptp.Digital }, 2, 3},
		{"synchronous framing", func(r *pptp.OutgoingCallRequest) { r.FramingType = pptp.Synchronous }, 2, 3},
		{"a subaddress", func(r *pptp.OutgoingCallRequest) { r.Subaddress = "7" }, 2, 3},
		{"a number not in use", func(r *pptp.OutgoingCallRequest) { r.PhoneNumber = "4045559999" }, 3, 0},
		{"a fast line", func(r *pptp.OutgoingCallRequest) { r.MinimumBPS = 33600 }, 3, 0},
		{"a good number", func(*pptp.OutgoingCallRequest) {}, 1, 0},
	} {
		req := good
		req.CallSerialNumber = uint16(i)
		tt.ask(&req)
		var up <-chan *caller.Call
		if tt.result == 1 || req.MinimumBPS > 0 {
			m := w.listens(1)
			defer m.Close()
			up = m.tries(bob())
		}
		call, err := conn.Place(within(t), req)
		result, code := uint8(1), uint8(0)
		if err != nil {
			var said *peer.RefusedError
			if !errors.As(err, &said) {
				t.Fatalf("%s: %v", tt.what, err)
			}
			result, code = said.Result, uint8(said.Code)
		}
		if result != tt.result || code != tt.code {
			t.Errorf("%s: Result Code %d, Error Code %d, want %d, %d", tt.what, result, code, tt.result, tt.code)
		}
		if call != nil {
			if got := call.ConnectSpeed(); got != 28800 || call.PeerWindow() == 0 {
				t.Errorf("%s: Connect Speed %d, window %d", tt.what, got, call.PeerWindow())
			}
			call.Clear()
		}
		if up != nil {
			<-up
		}
		w.pac.ended(i + 1)
		w.ready("courier/1")
	}
	w.pac.wants(w.pac.calls()[0], record.ClearedByPNS, "the PNS cleared the call")
}

// The carrier of a line that was dialled may go as any other's; and what a reload
// takes away a PNS may not have dialled from then on.
func TestDialOutEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{phones: exchange.Options{Timing: quick}, callers: 2, atlanta: permits})
	w.introduced(0)
	up := w.listens(1).answers(bob())
	if _, err := w.places("4045550002"); err != nil {
		t.Fatal(err)
	}
	if c := <-up; c != nil {
		w.reads(c)
	}
	w.phones.Drop("4045550002")
	w.pac.wants(w.pac.ended(2), record.CarrierLost, "the line lost its carrier")
	w.pns.wants(w.pns.ended(2), record.CarrierLost, "Lost Carrier")
	w.ready("courier/1")
	if _, err := w.pac.reload("pac.toml", []byte(strings.Replace(w.atlanta, permits, "", 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := w.places("4045550002"); err == nil || !strings.Contains(err.Error(), "Do Not Accept") {
		t.Errorf("the operator hears %v", err)
	}
	w.pac.wants(w.pac.ended(3), record.NumberRefused, "this PNS may have no number dialled")
}
