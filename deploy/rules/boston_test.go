package rules

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	pns "carrier/pns/app"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
)

// boston is a pns that opens a call, and to which nobody brings any. The settings of a row
// are keys of its [[dial]].
const boston = `
name   = "boston"
socket = "%[1]s/pns.sock"
listen = "%[2]s:1723"
udp    = "%[2]s:4754"
[[dial]]
name      = "denver"
to        = ["%[3]s"]
user      = "boston"
password  = "blue moon"
transport = "udp"
%[4]s`

// startBranch runs it until end, or the end of the test; the server is at an address.
func startBranch(t *testing.T, server netip.Addr, setting string) (end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	p, err := pns.Start(ctx, "pns.toml", fmt.Appendf(nil, boston, t.TempDir(), loopback(), server, setting), pns.Env{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		stop()
		t.Fatalf("%s: %v", setting, err)
	}
	t.Cleanup(func() {
		stop()
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

// A host is a PPTP server of the test's, which takes each call.
type host chan *peer.Call

func (host) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Name: "boston", Transport: peer.UDP}, nil
}
func (host) Incoming(c *peer.Call) { c.Refuse(uint8(pptp.IncomingDoNotAccept), 0) }
func (h host) Outgoing(c *peer.Call) {
	c.Answer(pptp.OutgoingCallReply{ConnectSpeed: 1e8, Window: 16})
	h <- c
}

// serves is a talk in the call that a branch of that setting opens.
func serves(t *testing.T, setting string) *talk {
	t.Helper()
	at, calls := loopback(), make(host, 100)
	e, err := peer.Open(peer.Options{Host: "denver", Listen: netip.AddrPortFrom(at, pptp.Port), UDP: netip.AddrPortFrom(at, 4754),
		Source: at, OddIDs: true, PAC: true, Handler: calls, Log: slog.New(slog.DiscardHandler), Stop: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	startBranch(t, at, setting)
	select {
	case c := <-calls:
		return onCall(t, c)
	case <-time.After(patience):
		t.Fatal("no call is opened")
	}
	return nil
}

// admits opens LCP and lets the client in, if she shows the password by MS-CHAPv2, and
// says nothing of a network.
func (k *talk) admits() {
	k.t.Helper()
	l := link.New(&link.Options{Ask: []auth.Method{auth.MSCHAPv2}, Name: "denver"})
	defer l.Down(time.Now())
	l.Up(time.Now())
	for l.Phase() != link.Network {
		for _, f := range l.Take() {
			k.send(f)
		}
		for _, e := range l.Events() {
			if e.Kind == link.Claimed {
				l.Answer(time.Now(), e.Claim.Check(auth.NewPassword("blue moon")))
			}
		}
		if l.Phase() == link.Network {
			break
		}
		h := k.hear()
		if h == nil {
			k.t.Fatalf("the call ended after %s", k.story())
		}
		if h.protocol.Link() {
			l.Receive(time.Now(), ppp.Append(nil, h.protocol, h.packet.Append(nil)))
		}
	}
	for _, f := range l.Take() { // the Success
		k.send(f)
	}
}
