package userspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestPageThroughMap(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "the intranet of %s", r.Host)
	}))
	defer server.Close()
	l := run(t, Options{OnlyMapped: true, Map: map[netip.AddrPort]string{port(intranet, 80): server.Listener.Addr().String()}})
	h := attach(t, l, saran, 0)
	client := http.Client{Transport: &http.Transport{DialContext: h.DialContext, DisableKeepAlives: true}, Timeout: 20 * time.Second}
	resp, err := client.Get("http://2.1.1.10/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "the intranet of 2.1.1.10" {
		t.Errorf("%q, %v", body, err)
	}
}

// Several callers, each a MiB there and back, with an MTU of a modem's.
func TestMegabyteBothWays(t *testing.T) {
	at := listenTCP(t, func(c *net.TCPConn) {
		io.Copy(c, c)
		c.CloseWrite()
	})
	l := run(t, Options{Map: map[netip.AddrPort]string{port(intranet, 7): at}})
	var wg sync.WaitGroup
	for i := range byte(4) {
		h := attach(t, l, netip.AddrFrom4([4]byte{2, 1, 1, 129 + i}), 576)
		sent := make([]byte, 1<<20)
		rand.NewChaCha8([32]byte{i}).Read(sent)
		wg.Go(func() {
			c, err := h.DialContext(within(t, 30*time.Second), "tcp", "2.1.1.10:7")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			wg.Go(func() {
				c.Write(sent)
				closeWrite(c)
			})
			got, err := io.ReadAll(c)
			if err != nil || sha256.Sum256(got) != sha256.Sum256(sent) {
				t.Errorf("caller %d: %d octets back, %v", i, len(got), err)
			}
			if largest, _ := h.got(); largest > 576 {
				t.Errorf("caller %d got a packet of %d octets", i, largest)
			}
		})
	}
	wg.Wait()
	if n := l.Malformed(); n != 0 {
		t.Errorf("%d malformed", n)
	}
}

// Towards a caller who asks for segments larger than her link carries, path MTU
// discovery finds the size (RFC 1191): every packet is told of as too big.
func TestPathMTU(t *testing.T) {
	page := make([]byte, 64<<10)
	rand.NewChaCha8([32]byte{}).Read(page)
	l := run(t, Options{Map: map[netip.AddrPort]string{
		port(intranet, 80): listenTCP(t, func(c *net.TCPConn) { c.Write(page) })}})
	h := attachAs(t, l, saran, 1500, 576)
	c, err := h.DialContext(within(t, 30*time.Second), "tcp", "2.1.1.10:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, page) {
		t.Errorf("%d octets, %v", len(got), err)
	}
	if largest, _ := h.got(); largest > 576 || l.stats.TooBig.Load() == 0 {
		t.Errorf("the largest packet has %d octets, %d were too big", largest, l.stats.TooBig.Load())
	}
}

// closed is a port of this host where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	s, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Addr().String()
}

func TestWhyThereIsNoConnection(t *testing.T) {
	stats := new(Stats)
	l := run(t, Options{Stats: stats, OnlyMapped: true, DialTimeout: 50 * time.Millisecond,
		Map: map[netip.AddrPort]string{
			port(intranet, 1): closed(t), port(intranet, 2): "no-route:2", port(intranet, 3): "silent:3"}},
		func(l *LAN) {
			dial := l.dial
			l.dial = func(ctx context.Context, network, to string) (net.Conn, error) {
				switch to {
				case "no-route:2":
					return nil, &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}
				case "silent:3":
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return dial(ctx, network, to)
			}
		})
	h := attach(t, l, saran, 0)
	for _, c := range []struct {
		to, want string
		count    func() uint64
	}{
		{"2.1.1.10:1", "refused", stats.Unreachable.Load},
		{"2.1.1.10:2", "no route to host", stats.Unreachable.Load},
		{"2.1.1.10:3", "no route to host", stats.Unreachable.Load},
		{"2.1.1.10:4", "refused", stats.Prohibited.Load},
		{"198.51.100.1:80", "refused", stats.Prohibited.Load},
	} {
		before := c.count()
		_, err := h.DialContext(within(t, 10*time.Second), "tcp", c.to)
		if err == nil || !strings.Contains(err.Error(), c.want) || c.count() != before+1 {
			t.Errorf("%s: %v, want %q; counted %d", c.to, err, c.want, c.count()-before)
		}
	}
}

// Without a map an address is dialled as it is; never this host's loopback.
func TestUnmapped(t *testing.T) {
	dialled := make(chan string, 1)
	l := run(t, Options{}, func(l *LAN) {
		l.dial = func(_ context.Context, network, to string) (net.Conn, error) {
			dialled <- network + " " + to
			return nil, syscall.ECONNREFUSED
		}
	})
	h := attach(t, l, saran, 0)
	if _, err := h.DialContext(within(t, 10*time.Second), "tcp", "198.51.100.1:80"); err == nil {
		t.Error("connected")
	}
	if got := <-dialled; got != "tcp4 198.51.100.1:80" {
		t.Errorf("dialled %s", got)
	}
	for _, to := range []string{"169.254.1.1:80", "2.1.1.60:80"} {
		if _, err := h.DialContext(within(t, 10*time.Second), "tcp", to); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", to, err)
		}
	}
	if len(dialled) != 0 {
		t.Errorf("dialled %s", <-dialled)
	}
}

// The caller's SYN is answered only when the outside connection is there.
func TestOutsideFirst(t *testing.T) {
	at := listenTCP(t, func(*net.TCPConn) {})
	asked, goOn := make(chan bool), make(chan bool)
	l := run(t, Options{Map: map[netip.AddrPort]string{port(intranet, 80): at}}, func(l *LAN) {
		dial := l.dial
		l.dial = func(ctx context.Context, network, to string) (net.Conn, error) {
			asked <- true
			<-goOn
			return dial(ctx, network, to)
		}
	})
	h := attach(t, l, saran, 0)
	go func() {
		<-asked
		if _, n := h.got(); n != 0 {
			t.Error("answered before there was an outside connection")
		}
		goOn <- true
	}()
	c, err := h.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.10:80")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// A reset passes in both directions.
func TestResets(t *testing.T) {
	seen := make(chan error, 1)
	at := listenTCP(t, func(c *net.TCPConn) {
		b := make([]byte, 1)
		if io.ReadFull(c, b); b[0] == 'r' {
			c.SetLinger(0)
			return
		}
		seen <- nil
		_, err := c.Read(b)
		seen <- err
	})
	l := run(t, Options{Map: map[netip.AddrPort]string{port(intranet, 80): at}})
	h := attach(t, l, saran, 0)
	c, err := h.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.10:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("r"))
	if _, err := io.ReadAll(c); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("the server's reset: %v", err)
	}
	gone, err := h.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.10:80")
	if err != nil {
		t.Fatal(err)
	}
	gone.Write([]byte("w"))
	<-seen
	h.detach() // the call ends
	if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server saw %v", err)
	}
	eventually(t, "no connection", func() bool { return l.stats.Connections.Load() == 0 })
	gone.Close()
}

// A caller cannot open more than his share, and another is not hurt by it.
func TestLimits(t *testing.T) {
	at := listenTCP(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	l := run(t, Options{MaxPerCaller: 3, MaxOpen: 4, Map: map[netip.AddrPort]string{port(intranet, 80): at}})
	first, second := attach(t, l, saran, 0), attach(t, l, bobby, 0)
	var open []net.Conn
	dial := func(h *host) error {
		c, err := h.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.10:80")
		if err == nil {
			open = append(open, c)
		}
		return err
	}
	for i := range 5 {
		if err := dial(first); (err == nil) != (i < 3) {
			t.Errorf("connection %d of the first: %v", i, err)
		}
	}
	if err := dial(second); err != nil {
		t.Errorf("the other's first: %v", err)
	}
	if err := dial(second); err == nil {
		t.Error("more than MaxOpen")
	}
	if n := l.stats.Limited.Load(); n != 3 {
		t.Errorf("%d refused", n)
	}
	for _, c := range open {
		c.Close()
	}
	eventually(t, "all are closed", func() bool { return l.stats.Connections.Load() == 0 })
	if err := dial(first); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	open[len(open)-1].Close()
}

// A caller that is gone after its SYN holds nothing for long; Run ends.
func TestHalfOpen(t *testing.T) {
	at := listenTCP(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	l := run(t, Options{Map: map[netip.AddrPort]string{port(intranet, 80): at}})
	mute := make(sink, 16)
	detach, err := l.Attach(saran, 0, mute)
	if err != nil {
		t.Fatal(err)
	}
	l.Write(syn)
	if p := <-mute; len(p) < 40 || p[33]&0x12 != 0x12 {
		t.Fatalf("not a SYN-ACK: % x", p)
	}
	detach()
	eventually(t, "no connection", func() bool { return l.stats.Connections.Load() == 0 })
}

// A sink is a caller that only listens.
type sink chan []byte

func (s sink) Deliver(packets [][]byte) {
	for _, p := range packets {
		select {
		case s <- append([]byte(nil), p...):
		default:
		}
	}
}

// syn asks for 2.1.1.10:80 from 2.1.1.129:1024.
var syn = []byte{
	0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0x74, 0x44, 2, 1, 1, 129, 2, 1, 1, 10,
	4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xFF, 0xFF, 0xA5, 0x05, 0, 0}
