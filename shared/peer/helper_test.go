package peer

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/pptp"
)

// patience bounds every wait of a test that should not wait.
const patience = 10 * time.Second

// hand is a Handler that passes calls on.
type hand struct {
	admit    atomic.Pointer[func(netip.AddrPort) (Remote, error)] // nil: everybody, over UDP
	incoming chan *Call
	outgoing chan *Call
}

func newHand() *hand {
	return &hand{incoming: make(chan *Call, 1000), outgoing: make(chan *Call, 1000)}
}

func (h *hand) Admit(from netip.AddrPort) (Remote, error) {
	if admit := h.admit.Load(); admit != nil {
		return (*admit)(from)
	}
	return Remote{Transport: UDP}, nil
}

// admits has f decide from now on.
func (h *hand) admits(f func(netip.AddrPort) (Remote, error)) { h.admit.Store(&f) }

func (h *hand) Incoming(c *Call) { h.incoming <- c }
func (h *hand) Outgoing(c *Call) { h.outgoing <- c }

// host is a running endpoint.
type host struct {
	*Endpoint
	*hand
	t    testing.TB
	stop func() // ends Run and waits for it
}

// run opens an endpoint at 127.0.0.LAST with o changed by set, runs it until
// the test ends, and then looks whether its gauges are zero.
func run(t testing.TB, last string, set func(*Options)) *host {
	t.Helper()
	h := newHand()
	at := netip.MustParseAddr("127.0.0." + last)
	o := Options{Host: "host" + last, Listen: netip.AddrPortFrom(at, 0), UDP: netip.AddrPortFrom(at, 0), Source: at,
		Handler: h, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Stats: new(Stats), Stop: time.Second}
	if set != nil {
		set(&o)
	}
	return runOptions(t, o, h)
}

func runOptions(t testing.TB, o Options, h *hand) *host {
	t.Helper()
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		s := e.stats
		if n := [5]int64{s.Pending.Load(), s.Starting.Load(), s.Established.Load(), s.Stopping.Load(), s.Calls.Load()}; n != [5]int64{} {
			t.Errorf("gauges after Run: %v", n)
		}
	})
	t.Cleanup(stop)
	return &host{e, h, t, stop}
}

// remote is how another host dials this one.
func (h *host) remote() Remote {
	return Remote{Name: h.o.Host, Addr: h.Addr(), Transport: UDP, UDPPort: h.UDPAddr().Port()}
}

func (h *host) dial(to *host) *Conn {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := h.Dial(ctx, to.remote())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// get takes what must come.
func get[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v, ok := <-c:
		if !ok {
			t.Fatalf("%s: closed", what)
		}
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing came", what)
		panic("not reached")
	}
}

// gone waits for a channel to be closed.
func gone[T any](t testing.TB, c <-chan T, what string) {
	t.Helper()
	for {
		select {
		case _, ok := <-c:
			if !ok {
				return
			}
		case <-time.After(patience):
			t.Fatalf("%s: still there", what)
		}
	}
}

func event(t testing.TB, c *Call, want EventKind) Event {
	t.Helper()
	e := get(t, c.Events(), "event")
	if e.Kind != want {
		t.Fatalf("%s: event %+v, want kind %d", c.Name(), e, want)
	}
	return e
}

// eventually waits for a counter, which others move.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

// call is one incoming call through both hosts, connected: as its PAC and its
// PNS have it.
func call(t testing.TB, c *Conn, pns *host, serial uint16) (atPAC, atPNS *Call) {
	t.Helper()
	type result struct {
		call *Call
		err  error
	}
	offered := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		call, err := c.Offer(ctx, pptp.IncomingCallRequest{CallSerialNumber: serial, BearerType: pptp.Analog, DialedNumber: "5551212"})
		offered <- result{call, err}
	}()
	atPNS = get(t, pns.incoming, "Incoming")
	atPNS.Accept(64, 1)
	r := get(t, offered, "Offer")
	if r.err != nil {
		t.Fatal(r.err)
	}
	r.call.Connected(pptp.IncomingCallConnected{ConnectSpeed: 28800, Window: 2, Delay: 8, FramingType: pptp.Asynchronous})
	event(t, atPNS, Connected)
	return r.call, atPNS
}

// inbox is a Receiver that passes packets on.
type inbox struct {
	packets chan string
	wakes   chan time.Time
}

func newInbox() *inbox {
	return &inbox{packets: make(chan string, 1000), wakes: make(chan time.Time, 10)}
}

func (i *inbox) Receive(packets [][]byte) {
	for _, p := range packets {
		_, payload, _ := gre.Parse(p)
		i.packets <- string(payload)
	}
}

func (i *inbox) Wake(now time.Time) { i.wakes <- now }

// packet is a GRE packet.
func packet(callID uint16, seq uint32, payload string) []byte {
	return gre.Header{CallID: callID, Seq: seq, HasSeq: true}.Append(nil, []byte(payload))
}

// stranger is a TCP connection that says what a test wants.
type stranger struct {
	net.Conn
	t testing.TB
}

func connect(t testing.TB, to *host) *stranger {
	t.Helper()
	c, err := net.Dial("tcp4", to.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &stranger{c, t}
}

// octets reads hexadecimal words; text/64 is a field of text.
func octets(t testing.TB, layout string) []byte {
	t.Helper()
	var b []byte
	for _, word := range strings.Fields(layout) {
		if text, width, ok := strings.Cut(word, "/"); ok {
			n := map[string]int{"64": 64, "128": 128}[width]
			b = append(b, text...)
			b = append(b, make([]byte, n-len(text))...)
			continue
		}
		part, err := hex.DecodeString(word)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, part...)
	}
	return b
}

func (s *stranger) say(layout string) {
	s.t.Helper()
	if _, err := s.Write(octets(s.t, layout)); err != nil {
		s.t.Fatal(err)
	}
}

// hear reads exactly what layout says.
func (s *stranger) hear(layout string) {
	s.t.Helper()
	want := octets(s.t, layout)
	got := make([]byte, len(want))
	if n, err := io.ReadFull(s, got); err != nil {
		s.t.Fatalf("heard %x, then %v; want %x", got[:n], err, want)
	}
	if string(got) != string(want) {
		s.t.Fatalf("heard %x\nwant  %x", got, want)
	}
}

// hearEnd reads to the end of the connection and returns what came.
func (s *stranger) hearEnd() []byte {
	s.t.Helper()
	b, err := io.ReadAll(s)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		s.t.Fatalf("not closed; heard %x", b)
	}
	return b
}
