package rules

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	pac "carrier/pac/app"
	"carrier/shared/hdlc"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/pptp"
)

// atlanta is a pac with the least configuration. Its lines need no modem.
const atlanta = `
name   = "atlanta"
socket = "%s/pac.sock"
[[bank]]
name   = "direct"
listen = "tcp://%[2]s:5600"
lines  = 200
[[pns]]
name      = "denver"
at        = "%[2]s"
transport = "udp"
[default]
tunnel = ["%[2]s"]
`

// A switchboard is a pac that runs.
type switchboard struct{ at netip.Addr }

func startSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	s := &switchboard{at: loopback()}
	ctx, end := context.WithCancel(context.Background())
	p, err := pac.Start(ctx, "pac.toml", fmt.Appendf(nil, atlanta, t.TempDir(), s.at), pac.Env{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		end()
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// call rings a line, and says the first word: the pac waits for it.
func (s *switchboard) call(t *testing.T, _ string) *talk {
	t.Helper()
	var conn net.Conn
	for until := time.Now().Add(patience); ; <-time.After(time.Millisecond) { // the bank opens its lines in a moment
		var err error
		if conn, err = net.Dial("tcp4", netip.AddrPortFrom(s.at, 5600).String()); err == nil {
			break
		} else if time.Now().After(until) {
			t.Fatal(err)
		}
	}
	k := onLine(t, conn)
	k.say(ppp.LCP, cp.Packet{Code: lcp.Identification, ID: 1, Data: make([]byte, 4)})
	return k
}

// onLine is a talk over a line, until the test ends.
func onLine(t *testing.T, conn net.Conn) *talk {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	in := make(chan []byte, 1000)
	go func() {
		defer close(in)
		var d hdlc.Decoder
		for b := make([]byte, 4096); ; {
			n, err := conn.Read(b)
			d.Push(b[:n], func(frame []byte, err error) {
				if err == nil {
					in <- append([]byte(nil), frame...)
				}
			})
			if err != nil {
				return
			}
		}
	}()
	return &talk{t: t, in: in, send: func(frame []byte) {
		if _, err := conn.Write(hdlc.AppendFull(nil, frame)); err != nil {
			t.Log(err) // the call is over
		}
	}}
}

// A puppet is a PNS that answers as a row says.
type puppet struct {
	admits error // nil: it does
	result uint8
	code   pptp.ErrorCode
}

func (p puppet) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Name: "atlanta", Transport: peer.UDP}, p.admits
}
func (p puppet) Incoming(c *peer.Call) { c.Refuse(p.result, uint8(p.code)) }
func (p puppet) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0) }

// start runs it until the test ends.
func (p puppet) start(t *testing.T, at netip.Addr) {
	t.Helper()
	e, err := peer.Open(peer.Options{Host: "denver", Listen: netip.AddrPortFrom(at, pptp.Port), UDP: netip.AddrPortFrom(at, 4754),
		Source: at, Handler: p, Log: slog.New(slog.DiscardHandler), Stop: time.Second})
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
}
