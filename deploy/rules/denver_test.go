package rules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pns "carrier/pns/app"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// denver is a pns with the least configuration, to which the settings of a row
// come first: they are keys of the file itself, as ppp.vj = false.
const denver = `
%s
name   = "denver"
listen = "%[2]s:1723"
udp    = "%[2]s:4754"
state  = "%[3]s"
socket = "%[3]s/pns.sock"
lan.local     = "2.1.1.60"
lan.addresses = ["2.1.1.130-2.1.1.190"]
lan.dns       = ["2.1.1.53"]
lan.wins      = ["2.1.1.55", "2.1.1.56"]
[[pac]]
name      = "atlanta"
from      = ["127.0.0.1"]
transport = "udp"
window    = false
[[user]]
name     = "saran"
password = "blue moon"
address  = "2.1.1.129"
%[4]s`

// A server is a pns that runs, and a PAC of the test's that brings it calls.
type server struct {
	at   netip.Addr
	dial func(t *testing.T) *peer.Conn
}

// servers are those that run, by their settings.
type servers struct {
	t     *testing.T
	users string // of those that are started next, beside saran
	all   map[string]*server
}

// with is the server of a setting; one that begins with [[user]] is saran's.
func (s *servers) with(setting string) *server {
	s.t.Helper()
	setting = strings.ReplaceAll(setting, "; ", "\n")
	if s.all[setting] == nil {
		if s.all == nil {
			s.all = map[string]*server{}
		}
		keys, users := setting, s.users
		if hers, ok := strings.CutPrefix(setting, "[[user]] "); ok {
			keys, users = "", hers+"\n"+users
		}
		s.all[setting] = startServer(s.t, keys, users)
	}
	return s.all[setting]
}

// loopback is an address of this host that nobody else uses.
func loopback() netip.Addr {
	return netip.AddrFrom4([4]byte{127, byte(128 + rand.N(64)), byte(rand.N(256)), byte(1 + rand.N(254))})
}

func startServer(t *testing.T, setting, users string) *server {
	t.Helper()
	s := &server{at: loopback()}
	ctx, end := context.WithCancel(context.Background())
	p, err := pns.Start(ctx, "pns.toml", fmt.Appendf(nil, denver, setting, s.at, t.TempDir(), users), pns.Env{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatalf("%s: %v", setting, err)
	}
	t.Cleanup(func() {
		end()
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	})
	atlanta, stop := startPAC(t)
	t.Cleanup(stop)
	s.dial = func(t *testing.T) *peer.Conn {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		conn, err := atlanta.Dial(ctx, peer.Remote{Addr: netip.AddrPortFrom(s.at, pptp.Port), Transport: peer.UDP})
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	return s
}

// deaf takes no calls.
type deaf struct{}

func (deaf) Admit(netip.AddrPort) (peer.Remote, error) { return peer.Remote{}, errors.New("nobody") }
func (deaf) Incoming(*peer.Call)                       {}
func (deaf) Outgoing(*peer.Call)                       {}

func startPAC(t *testing.T) (e *peer.Endpoint, stop func()) {
	t.Helper()
	here := netip.MustParseAddr("127.0.0.1")
	e, err := peer.Open(peer.Options{Host: "atlanta", UDP: netip.AddrPortFrom(here, 0), Source: here, OddIDs: true, PAC: true,
		Handler: deaf{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return e, func() {
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// serial makes each call one of its own, and each calling number.
var serial atomic.Uint32

// call brings a call, from a number that nobody else has unless one is given.
func (s *server) call(t *testing.T, from string) *talk {
	t.Helper()
	n := serial.Add(1)
	if from == "" {
		from = fmt.Sprint(4045550000 + n)
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	c, err := s.dial(t).Offer(ctx, pptp.IncomingCallRequest{CallSerialNumber: uint16(n), BearerType: pptp.Analog, DialingNumber: from})
	if err != nil {
		t.Fatal(err)
	}
	c.Connected(pptp.IncomingCallConnected{ConnectSpeed: 28800, Window: 16, FramingType: pptp.Asynchronous})
	return onCall(t, c)
}

// onCall is a talk in a call that is connected, in which we are the PAC, until the test
// ends.
func onCall(t *testing.T, c *peer.Call) *talk {
	in := make(chan []byte, 1000)
	tube := &tunnel{call: c, in: in}
	c.Bind(tube)
	go func() {
		for e := range c.Events() {
			if e.Kind == peer.Cleared {
				c.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
			}
		}
		tube.over()
	}()
	t.Cleanup(func() { c.Disconnect(pptp.CallDisconnectNotify{Result: pptp.LostCarrier}) })
	return &talk{t: t, in: in, send: tube.send}
}

// A tunnel is the data half of a call of the test's.
type tunnel struct {
	call *peer.Call

	mu  sync.Mutex
	in  chan<- []byte // nil: the call is over
	seq uint32
}

func (u *tunnel) send(frame []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	_ = u.call.Send(gre.Header{CallID: u.call.PeerID(), Seq: u.seq, HasSeq: true}.Append(nil, frame)) // the call may be over
	u.seq++
}

// Receive is peer.Receiver's.
func (u *tunnel) Receive(packets [][]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range packets {
		if h, frame, err := gre.Parse(p); err == nil && h.HasSeq && u.in != nil {
			u.in <- append([]byte(nil), frame...)
		}
	}
}

// Wake is peer.Receiver's.
func (u *tunnel) Wake(time.Time) {}

func (u *tunnel) over() {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.in)
	u.in = nil
}

// dialTCP opens a bare TCP connection to the server from an address.
func (s *server) dialTCP(t *testing.T, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := d.DialContext(t.Context(), "tcp4", netip.AddrPortFrom(s.at, pptp.Port).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}
