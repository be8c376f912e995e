package userspace

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

var (
	router   = netip.MustParseAddr("2.1.1.60")
	intranet = netip.MustParseAddr("2.1.1.10")
	saran    = netip.MustParseAddr("2.1.1.129")
	bobby    = netip.MustParseAddr("2.1.1.130")
)

// run starts a network and ends it, counting goroutines, with the test.
func run(t *testing.T, o Options, change ...func(*LAN)) *LAN {
	t.Helper()
	before := runtime.NumGoroutine()
	o.Local = router
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(l)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		wantGoroutines(t, before)
		for name, n := range map[string]int64{"connections": l.stats.Connections.Load(),
			"flows": l.stats.Flows.Load(), "pings": l.stats.Pings.Load(), "open": int64(l.all)} {
			if n != 0 {
				t.Errorf("%s: %d at the end", name, n)
			}
		}
	})
	return l
}

func wantGoroutines(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > n; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, began with %d:\n%s", runtime.NumGoroutine(), n, buf[:runtime.Stack(buf, true)])
		}
	}
}

// eventually waits for something that another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// A host is a caller with a TCP/IP of her own, attached to a network.
type host struct {
	*netstack.Stack
	detach func()

	mu      sync.Mutex
	packets [][]byte // what the network delivered
}

// attach makes a caller whose packets have at most mtu octets both ways.
func attach(t *testing.T, l *LAN, addr netip.Addr, mtu int) *host {
	t.Helper()
	return attachAs(t, l, addr, mtu, mtu)
}

// attachAs makes a caller who sends, and has others send to her by TCP, packets
// of up to own octets, while the network may deliver mtu at most.
func attachAs(t *testing.T, l *LAN, addr netip.Addr, own, mtu int) *host {
	t.Helper()
	h := new(host)
	var err error
	h.Stack, err = netstack.New(netstack.Options{Addr: addr, MTU: own, DNS: []netip.Addr{netip.MustParseAddr("2.1.1.53")},
		Output: func(packets [][]byte) {
			for _, p := range packets {
				l.Write(p)
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if h.detach, err = l.Attach(addr, mtu, h); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Close()
		h.detach()
	})
	return h
}

func (h *host) Deliver(packets [][]byte) {
	for _, p := range packets {
		h.mu.Lock()
		h.packets = append(h.packets, append([]byte(nil), p...))
		h.mu.Unlock()
		h.Write(p)
	}
}

// got is the largest packet, and how many came.
func (h *host) got() (largest, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.packets {
		largest = max(largest, len(p))
	}
	return largest, len(h.packets)
}

func port(addr netip.Addr, p uint16) netip.AddrPort { return netip.AddrPortFrom(addr, p) }

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "local address invalid IP is not IPv4"},
		{Options{Local: netip.MustParseAddr("2001:db8::1")}, "is not IPv4"},
		{Options{Local: router, Map: map[netip.AddrPort]string{port(netip.MustParseAddr("::1"), 80): "127.0.0.1:80"}}, "map [::1]:80: not an IPv4"},
		{Options{Local: router, Map: map[netip.AddrPort]string{port(intranet, 80): "127.0.0.1"}}, "map 2.1.1.10:80: address 127.0.0.1: missing port"},
	} {
		if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	l := run(t, Options{})
	if l.Local() != router {
		t.Error(l.Local())
	}
	for _, a := range []string{"2.1.1.60", "224.0.0.1", "255.255.255.255", "0.0.0.0", "2001:db8::1"} {
		if _, err := l.Attach(netip.MustParseAddr(a), 0, new(host)); err == nil || !strings.Contains(err.Error(), "cannot be a caller's") {
			t.Errorf("attach %s: %v", a, err)
		}
	}
}

// TestDropped: what is not forwarded is counted, each for its reason.
func TestDropped(t *testing.T) {
	stats := new(Stats)
	l := run(t, Options{Stats: stats})
	attach(t, l, saran, 0)
	udp := func(from, to string) []byte {
		return lan.AppendUDP(nil, 1, netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), []byte("x"))
	}
	short, sum := udp("2.1.1.129:1", "2.1.1.10:2"), udp("2.1.1.129:1", "2.1.1.10:2")
	short[3] += 9
	sum[10]++
	spoiled := udp("2.1.1.129:1", "2.1.1.10:2")
	spoiled[28]++ // the datagram's octet
	for _, c := range []struct {
		name   string
		packet []byte
		count  func() uint64
	}{
		{"nothing", nil, stats.Malformed.Load},
		{"Total Length", short, stats.Malformed.Load},
		{"Header Checksum", sum, stats.Malformed.Load},
		{"UDP checksum", spoiled, l.Malformed},
		{"somebody else's address", udp("2.1.1.131:1", "2.1.1.10:2"), stats.Unattached.Load},
		{"broadcast", udp("2.1.1.129:1", "255.255.255.255:67"), stats.Broadcast.Load},
		{"multicast", udp("2.1.1.129:1", "224.0.0.251:5353"), stats.Broadcast.Load},
		{"loopback of this host", udp("2.1.1.129:1", "127.0.0.1:53"), stats.Prohibited.Load},
		{"link-local", udp("2.1.1.129:1", "169.254.169.254:80"), stats.Prohibited.Load},
		{"our own address", udp("2.1.1.129:1", "2.1.1.60:9"), stats.Prohibited.Load},
	} {
		before := c.count()
		l.Write(c.packet)
		if got := c.count() - before; got != 1 {
			t.Errorf("%s: counted %d times", c.name, got)
		}
	}
	if stats.Flows.Load() != 0 {
		t.Error("a flow was made")
	}
}

// What comes when the network is over, or before a caller is attached, is
// dropped.
func TestAfterRun(t *testing.T) {
	l, err := New(Options{Local: router, Map: map[netip.AddrPort]string{port(intranet, 80): "127.0.0.1:1", port(intranet, 7): "127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	detach, err := l.Attach(saran, 0, make(sink, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer detach()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(ctx); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for _, p := range [][]byte{syn, datagram(port(intranet, 7)), echoPacket(intranet, 1, 1, nil), echoPacket(router, 1, 1, nil)} {
		l.Write(p)
	}
	wantGoroutines(t, before)
	if l.stats.Flows.Load() != 0 || l.stats.Connections.Load() != 0 || l.stats.Up.Load() != 4 {
		t.Errorf("%d flows, %d connections, %d packets", l.stats.Flows.Load(), l.stats.Connections.Load(), l.stats.Up.Load())
	}
}

// listenTCP is a server of this host that does f for each connection.
func listenTCP(t *testing.T, f func(*net.TCPConn)) string {
	t.Helper()
	s, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				f(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		s.Close()
		wg.Wait()
	})
	return s.Addr().String()
}

// echoUDP is a server of this host that sends each datagram back, times times
// as long.
func echoUDP(t *testing.T, times int) string {
	t.Helper()
	s, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 1<<16)
		for {
			n, from, err := s.ReadFrom(b)
			if err != nil {
				return
			}
			var answer []byte
			for range times {
				answer = append(answer, b[:n]...)
			}
			s.WriteTo(answer, from)
		}
	})
	t.Cleanup(func() {
		s.Close()
		wg.Wait()
	})
	return s.LocalAddr().String()
}
