package userspace

import (
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"carrier/pns/internal/lan"
)

// ours is how many objects our own code has allocated so far, by the functions
// that did; what gVisor's stack takes for itself is not in it, nor what tests do.
func ours(t *testing.T) map[string]int64 {
	t.Helper()
	for range 2 { // what is freed since the last but one is not in the profile yet
		runtime.GC()
	}
	n, _ := runtime.MemProfile(nil, true)
	all := make([]runtime.MemProfileRecord, n+1000)
	n, ok := runtime.MemProfile(all, true)
	if !ok {
		t.Fatal("the profile has grown meanwhile")
	}
	by := make(map[string]int64)
	for _, r := range all[:n] {
		for frames, more := runtime.CallersFrames(r.Stack()), true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if strings.HasPrefix(f.Function, "gvisor.dev/") || strings.HasSuffix(f.File, "_test.go") {
				break
			}
			if strings.HasPrefix(f.Function, "carrier/") {
				by[f.Function] += r.AllocObjects
				break
			}
		}
	}
	return by
}

// allocatesNothing has packets go n times, and allows our code less than an
// object for ten of them.
func allocatesNothing(t *testing.T, what string, n int, once func()) {
	t.Helper()
	once()
	before := ours(t)
	for range n {
		once()
	}
	for function, count := range ours(t) {
		if count -= before[function]; count > int64(n/10) && !raced {
			t.Errorf("%s, %d times: %s allocated %d objects", what, n, function, count)
		}
	}
}

// Nothing is allocated for a packet, either way, but what the stack, gVisor's,
// takes for itself.
func TestNoAllocation(t *testing.T) {
	defer func(rate int) { runtime.MemProfileRate = rate }(runtime.MemProfileRate)
	runtime.MemProfileRate = 1
	echo := listenTCP(t, func(c *net.TCPConn) { io.Copy(c, c) })
	l := run(t, Options{OnlyMapped: true, Map: map[netip.AddrPort]string{port(intranet, 7): echoUDP(t, 1), port(intranet, 80): echo}})
	got := make(counting, 1)
	for _, tt := range []struct {
		what     string
		from, to netip.AddrPort
	}{
		{"UDP, there and back", port(bobby, 1000), port(intranet, 7)},
		{"to herself", port(bobby, 1000), port(bobby, 1001)},
	} {
		detach, err := l.Attach(tt.from.Addr(), 1400, got)
		if err != nil {
			t.Fatal(err)
		}
		packet := lan.AppendUDP(nil, 1, tt.from, tt.to, make([]byte, 1000))
		allocatesNothing(t, tt.what, 1000, func() {
			l.Write(packet)
			<-got
		})
		detach()
	}
	c, err := attach(t, l, saran, 1400).DialContext(t.Context(), "tcp", "2.1.1.10:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	octets := make([]byte, 1000)
	allocatesNothing(t, "TCP, there and back", 1000, func() {
		c.Write(octets)
		if _, err := io.ReadFull(c, octets); err != nil {
			t.Fatal(err)
		}
	})
}

// counting takes packets.
type counting chan int

func (c counting) Deliver(packets [][]byte) { c <- len(packets) }
