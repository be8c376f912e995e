package ras

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/ppp/auth"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// ends is a Meter that passes on what has ended.
type ends chan record.Call

func (e ends) Ended(_ string, c record.Call) { e <- c }

// next is the next call that ends.
func (e ends) next(t *testing.T) (c record.Call) {
	t.Helper()
	select {
	case c = <-e:
	case <-time.After(10 * time.Second):
		t.Fatal("the call does not end")
	}
	return c
}

// nobody takes no calls.
type nobody struct{}

func (nobody) Admit(netip.AddrPort) (peer.Remote, error) { return peer.Remote{}, errors.New("nobody") }
func (nobody) Incoming(*peer.Call)                       {}
func (nobody) Outgoing(*peer.Call)                       {}

// The PAC and the client of these tests, by their addresses.
const pacAt, clientAt, bothAt, strangerAt = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"

func only(addrs ...string) (all []netip.Prefix) {
	for _, a := range addrs {
		all = append(all, netip.PrefixFrom(netip.MustParseAddr(a), 32))
	}
	return all
}

// endpoint runs an endpoint at an address until the test ends.
func endpoint(t *testing.T, host, at string, h peer.Handler) *peer.Endpoint {
	t.Helper()
	a := netip.MustParseAddr(at)
	return peertest.Run(t, peer.Options{Host: host, Listen: netip.AddrPortFrom(a, 0), UDP: netip.AddrPortFrom(a, 0), Source: a,
		Handler: h, Stop: time.Second})
}

// server runs a RAS that knows the PAC and the clients; dial connects to it from
// an address.
func server(t *testing.T) (r *RAS, over ends, dial func(from string) (*peer.Conn, error)) {
	r, over, dial, _ = serve(t)
	return r, over, dial
}

// serve is server, and the endpoint that it runs on.
func serve(t *testing.T) (r *RAS, over ends, dial func(from string) (*peer.Conn, error), e *peer.Endpoint) {
	who, err := users.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	serials, err := record.OpenSerials("")
	if err != nil {
		t.Fatal(err)
	}
	over = make(ends, 10)
	s := Settings{Users: who, PACs: []PAC{{Name: "atlanta", From: only(pacAt, bothAt), Remote: peer.Remote{Transport: peer.UDP}}},
		Clients: Clients{From: only(clientAt, bothAt), Remote: peer.Remote{Transport: peer.UDP}, Ask: []auth.Method{auth.MSCHAPv2}}}
	s.Link.Ask = []auth.Method{auth.PAP}
	r = New(Options{Settings: s, History: 10, Sessions: new(session.Stats), Flows: new(flow.Stats), Meter: over, Guard: guard.New(guard.Policy{}), Log: slog.New(slog.DiscardHandler),
		Host: "denver", Serials: serials})
	e = endpoint(t, "denver", "127.0.0.1", r)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return r, over, func(from string) (*peer.Conn, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return endpoint(t, "sara", from, nobody{}).Dial(ctx, peer.Remote{Addr: e.Addr(), Transport: peer.UDP, UDPPort: e.UDPAddr().Port()})
	}, e
}

// Who may bring calls and who may open a tunnel of her own are two lists; on
// neither, one gets no control connection.
func TestWhoMayDoWhat(t *testing.T) {
	r, _, dial := server(t)
	const no = "call refused: Do Not Accept"
	for _, tt := range []struct{ from, name, brings, places string }{
		{pacAt, "atlanta", "", no},
		{clientAt, "client", no, ""},
		{bothAt, "atlanta", "", ""},
	} {
		c, err := dial(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 1, DialedNumber: "5551212"})
		if said(err) != tt.brings {
			t.Errorf("%s brings a call: %v, want %q", tt.from, err, tt.brings)
		}
		if _, err = c.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 2}); said(err) != tt.places {
			t.Errorf("%s places a call: %v, want %q", tt.from, err, tt.places)
		}
		if remote, err := r.Admit(netip.AddrPortFrom(netip.MustParseAddr(tt.from), 1)); err != nil || remote.Name != tt.name {
			t.Errorf("%s is %q, %v, want %q", tt.from, remote.Name, err, tt.name)
		}
	}
	_, err := dial(strangerAt)
	var start *peer.StartError
	if !errors.As(err, &start) || start.Result != pptp.StartNotAuthorized {
		t.Errorf("a stranger: %v", err)
	}
	var peers []string
	for _, c := range r.Running() {
		peers = append(peers, c.Peer+" "+c.Calling)
	}
	if len(peers) != 4 {
		t.Errorf("calls of %q", peers)
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A client's call is answered with our window; her
// Call-Clear-Request ends it, and is remembered as her hanging up.
func TestClientsCall(t *testing.T) {
	r, over, dial := server(t)
	c, err := dial(clientAt)
	if err != nil {
		t.Fatal(err)
	}
	for serial := range uint16(2) {
		call, err := c.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: serial, Window: 3, PhoneNumber: "denver\xff"})
		if err != nil {
			t.Fatal(err)
		}
		if call.PeerWindow() != recvWindow {
			t.Errorf("window %d", call.PeerWindow())
		}
		running := r.Running()
		if len(running) != 1 || running[0].Peer != "client" || running[0].Calling != clientAt || running[0].Called != "denver?" {
			t.Errorf("running: %+v", running)
		}
		call.Clear()
		ended := over.next(t)
		if ended.Name != call.Name() || ended.Reason != record.CallerHungUp || ended.Text != "the client ended the call" {
			t.Errorf("ended: %+v", ended)
		}
		if e := <-call.Events(); e.Kind != peer.Ended || e.Err != nil {
			t.Errorf("event %+v", e)
		}
	}
	if _, err := c.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 3}); err != nil {
		t.Fatal(err)
	}
	c.Stop()
	if ended := over.next(t); ended.Reason != record.CallerHungUp || !strings.HasPrefix(ended.Text, "the client closed its tunnel: ") {
		t.Errorf("ended: %+v", ended)
	}
	for asked, want := range map[uint32]uint32{0: 64_000, 10_000_000: 10_000_000, 1<<32 - 1: 100_000_000} {
		if got := speed(asked); got != want {
			t.Errorf("speed %d, want %d", got, want)
		}
	}
}

// A reload that takes clients out ends their calls as it ends those of PACs, and
// nobody else's.
func TestReloadWithoutClients(t *testing.T) {
	r, over, dial := server(t)
	pac, err := dial(pacAt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pac.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 1}); err != nil {
		t.Fatal(err)
	}
	c, err := dial(clientAt)
	if err != nil {
		t.Fatal(err)
	}
	call, err := c.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 2})
	if err != nil {
		t.Fatal(err)
	}
	s := r.use.Load().Settings
	s.Clients, s.Drains = Clients{}, true
	r.Use(s)
	if ended := over.next(t); ended.Name != call.Name() || ended.Reason != record.Drained {
		t.Errorf("ended: %+v", ended)
	}
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
		t.Error("the client's control connection lasts")
	}
	if all := r.Running(); len(all) != 1 || all[0].Peer != "atlanta" {
		t.Errorf("running: %+v", all)
	}
}

// gate is a Gate that is shut while there is an error.
type gate struct{ fault atomic.Pointer[error] }

func (g *gate) Fault() error {
	if err := g.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// A call whose caller would reach nothing is refused so that its PAC tries another
// PNS, and one that runs goes on; so is a client's.
func TestNoCallsWhileCallersReachNothing(t *testing.T) {
	r, over, dial := server(t)
	g := new(gate)
	r.mu.Lock()
	r.o.Gate = g
	r.mu.Unlock()
	c, err := dial(bothAt)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := c.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 1})
	if err != nil || r.Closed() != nil {
		t.Fatal(err, r.Closed())
	}
	gone := errors.New("the interface carrier0 is gone")
	g.fault.Store(&gone)
	var refused *peer.RefusedError
	for _, call := range []func() (*peer.Call, error){
		func() (*peer.Call, error) { return c.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 2}) },
		func() (*peer.Call, error) { return c.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 3}) },
	} {
		if _, err := call(); !errors.As(err, &refused) || refused.Code != pptp.NoResource {
			t.Errorf("a call: %v", err)
		}
	}
	if err := r.Closed(); !errors.Is(err, gone) {
		t.Errorf("closed: %v", err)
	}
	if all := r.Running(); len(all) != 1 || all[0].Name != runs.Name() || len(over) > 0 {
		t.Errorf("running: %+v, %d have ended", all, len(over))
	}
	g.fault.Store(nil)
	if _, err := c.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 4}); err != nil || r.Closed() != nil {
		t.Errorf("once they reach it again: %v, %v", err, r.Closed())
	}
}
