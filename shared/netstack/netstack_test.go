package netstack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

var (
	left  = netip.MustParseAddr("10.0.0.1")
	right = netip.MustParseAddr("10.0.0.2")
)

// pair joins two stacks by a wire of the given MTU; both are closed, and
// counted out, at the end of the test.
func pair(t *testing.T, mtu int, f *Forwarder) (a, b *Stack) {
	t.Helper()
	before := runtime.NumGoroutine()
	ready := make(chan struct{}) // a packet may leave before both are there
	var err error
	a, err = New(Options{Addr: left, MTU: mtu, DNS: []netip.Addr{right}, Output: func(p [][]byte) {
		<-ready
		for _, p := range p {
			b.Write(p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	b, err = New(Options{Addr: right, MTU: mtu, Forwarder: f, Output: func(p [][]byte) {
		<-ready
		for _, p := range p {
			a.Write(p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	close(ready)
	t.Cleanup(func() {
		a.Close()
		b.Close()
		wantGoroutines(t, before)
	})
	return a, b
}

// wantGoroutines waits until no more than n goroutines are left.
func wantGoroutines(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > n; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, began with %d:\n%s", runtime.NumGoroutine(), n, buf[:runtime.Stack(buf, true)])
		}
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// noise is n octets that no mistake in order or length leaves unnoticed.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func TestTCPBothWays(t *testing.T) {
	a, b := pair(t, 576, nil)
	l, err := b.ListenTCP(7)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // echo
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.Copy(c, c)
		c.(interface{ CloseWrite() error }).CloseWrite()
	}()
	c, err := a.DialContext(within(t, 10*time.Second), "tcp", "10.0.0.2:7")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := noise(1 << 20)
	go func() {
		c.Write(sent)
		c.(interface{ CloseWrite() error }).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(sent) {
		t.Errorf("echo of %d octets came back as %d, %v", len(sent), len(got), err)
	}
	if n := a.Malformed() + b.Malformed(); n != 0 {
		t.Errorf("%d malformed packets", n)
	}
}

func TestRefused(t *testing.T) {
	a, _ := pair(t, 1500, nil)
	_, err := a.DialContext(within(t, 10*time.Second), "tcp", "10.0.0.2:9")
	if err == nil || !strings.Contains(err.Error(), "10.0.0.2:9") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
}

func TestDialMistakes(t *testing.T) {
	a, _ := pair(t, 1500, nil)
	none, err := New(Options{Addr: left, Output: func([][]byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	for _, c := range []struct {
		s             *Stack
		network, addr string
		want          string
	}{
		{a, "tcp", "10.0.0.2", "missing port"},
		{a, "tcp", "10.0.0.2:http", "not a number"},
		{a, "tcp", "10.0.0.2:65536", "not a number"},
		{a, "tcp", "[2001:db8::1]:80", "not IPv4"},
		{a, "sctp", "10.0.0.2:80", "unknown network sctp"},
		{none, "tcp", "intranet.example:80", "no DNS server"},
	} {
		if _, err := c.s.DialContext(t.Context(), c.network, c.addr); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("dial %s %s: %v, want %q", c.network, c.addr, err, c.want)
		}
	}
	if _, err := New(Options{Addr: netip.MustParseAddr("::1")}); err == nil || !strings.Contains(err.Error(), "not IPv4") {
		t.Errorf("an IPv6 stack: %v", err)
	}
}

func TestUDPInFragments(t *testing.T) {
	a, b := pair(t, 576, nil)
	server, err := b.ListenUDP(7)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := a.DialContext(t.Context(), "udp", "10.0.0.2:7")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent, got := noise(5000), make([]byte, 9000)
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	server.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := server.ReadFrom(got)
	if err != nil || !bytes.Equal(got[:n], sent) {
		t.Fatalf("%d of %d octets: %v", n, len(sent), err)
	}
	if _, err := server.WriteTo(sent[:4000], from); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := c.Read(got); err != nil || !bytes.Equal(got[:n], sent[:4000]) {
		t.Errorf("%d of 4000 octets back: %v", n, err)
	}
}

func TestHTTP(t *testing.T) {
	a, b := pair(t, 1500, nil)
	l, err := b.ListenTCP(80)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello "+r.RemoteAddr[:strings.Index(r.RemoteAddr, ":")])
	})}
	go server.Serve(l)
	defer server.Close()
	transport := &http.Transport{DialContext: a.DialContext, DisableKeepAlives: true}
	client := http.Client{Transport: transport, Timeout: 10 * time.Second}
	resp, err := client.Get("http://10.0.0.2/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "hello 10.0.0.1" {
		t.Errorf("body %q, %v", body, err)
	}
}

func TestPing(t *testing.T) {
	a, _ := pair(t, 576, nil)
	for _, size := range []int{0, 56, 4000} {
		if took, err := a.Ping(within(t, 10*time.Second), right, size); err != nil || took <= 0 {
			t.Errorf("%d octets: %v, %v", size, took, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if _, err := a.Ping(ctx, netip.MustParseAddr("10.0.0.3"), 8); !errors.Is(err, gone) {
		t.Errorf("a ping that nobody answers ended with %v", err)
	}
	if _, err := a.Ping(t.Context(), netip.MustParseAddr("::1"), 8); err == nil {
		t.Error("pinged an IPv6 address")
	}
}

// What no stack would send is counted and has no effect.
func TestMalformed(t *testing.T) {
	a, _ := pair(t, 1500, nil)
	good := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0x66, 0xCF, 10, 0, 0, 2, 10, 0, 0, 1, 0, 7, 0, 7, 0, 8, 0, 0}
	a.Write(good)
	if n := a.Malformed(); n != 0 {
		t.Fatalf("the good packet was counted (%d)", n)
	}
	for n := range good {
		a.Write(good[:n])
	}
	if n := a.Malformed(); n < uint64(len(good)) {
		t.Errorf("%d of %d short packets counted", n, len(good))
	}
	before := a.Malformed()
	spoiled := bytes.Clone(good)
	spoiled[10]++
	a.Write(spoiled)
	if a.Malformed() != before+1 {
		t.Error("a wrong header checksum was not counted")
	}
}

// A slow link: what the queue cannot hold is lost, and nothing blocks.
func TestQueueIsBounded(t *testing.T) {
	before := runtime.NumGoroutine()
	release := make(chan struct{})
	got := make(chan int, 200)
	s, err := New(Options{Addr: left, Queue: 4, Output: func(p [][]byte) {
		<-release
		got <- len(p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for range 200 {
		if s.Emit(make([]byte, 20)) {
			sent++
		}
	}
	if sent < 4 || sent > 4+batch { // 4 wait, and a batch may be in Output's hands
		t.Errorf("%d packets found room", sent)
	}
	close(release)
	for n := 0; n < sent; {
		n += <-got
	}
	s.Close()
	wantGoroutines(t, before)
	s.Write(make([]byte, 20)) // after Close: without effect
}

func TestNames(t *testing.T) {
	a, b := pair(t, 1500, nil)
	dns, err := b.ListenUDP(53)
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	go serveDNS(dns)
	l, err := b.ListenTCP(80)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := a.DialContext(within(t, 20*time.Second), "tcp", "intranet.corp.example:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.RemoteAddr().(*net.TCPAddr).AddrPort(); got != netip.AddrPortFrom(right, 80) {
		t.Errorf("reached %v", got)
	}
}

// serveDNS answers every question with the address right.
func serveDNS(c net.PacketConn) {
	q := make([]byte, 512)
	for {
		n, from, err := c.ReadFrom(q)
		if err != nil {
			return
		}
		end := 12 + bytes.IndexByte(q[12:n], 0) + 5 // header, name, type, class
		a := append([]byte{}, q[:end]...)
		copy(a[2:], []byte{0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}) // an answer, one record
		a = append(a, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
		raw := right.As4()
		c.WriteTo(append(a, raw[:]...), from)
	}
}
