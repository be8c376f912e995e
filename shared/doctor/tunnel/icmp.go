package tunnel

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// An icmp listens for what routers say of packets to one host: it may be told
// that a protocol is not wanted.
type icmp struct {
	conn net.PacketConn // nil without the privilege
	to   netip.Addr
	done chan struct{}

	mu   sync.Mutex
	word string
}

func listenICMP(to netip.Addr) *icmp {
	i := &icmp{to: to, done: make(chan struct{})}
	c, err := net.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		close(i.done)
		return i // it is evidence more, and not needed
	}
	i.conn = c
	go i.listen()
	return i
}

func (i *icmp) listen() {
	defer close(i.done)
	for b := make([]byte, 1500); ; {
		n, from, err := i.conn.ReadFrom(b)
		if err != nil {
			return
		}
		if word := unreachable(b[:n], i.to); word != "" {
			i.mu.Lock()
			i.word = fmt.Sprintf("%v says: %s", from, word)
			i.mu.Unlock()
		}
	}
}

func (i *icmp) heard() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.word
}

func (i *icmp) close() {
	if i.conn != nil {
		_ = i.conn.Close()
	}
	<-i.done
}

// reasons are the codes of Destination Unreachable (RFC 792, RFC 1812 §5.2.7.1).
var reasons = map[byte]string{0: "network unreachable", 1: "host unreachable", 2: "protocol unreachable", 3: "port unreachable",
	9: "network prohibited", 10: "host prohibited", 13: "administratively prohibited"}

// unreachable reads an ICMP message about a packet of GRE or UDP to a host;
// empty when it is none.
func unreachable(b []byte, to netip.Addr) string {
	const header, inner, destinationUnreachable = 8, 20, 3
	if len(b) < header+inner || b[0] != destinationUnreachable {
		return ""
	}
	ip := b[header:]
	dst, _ := netip.AddrFromSlice(ip[16:20])
	if protocol := ip[9]; dst != to || protocol != 47 && protocol != 17 {
		return ""
	}
	return reasons[b[1]]
}
