package peer

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"time"
)

const (
	batchPackets = 128
	// packetRoom holds an IPv4 header with options and the largest GRE packet of
	// PPTP: 1532 octets of payload (RFC 2637 §1.4) and 16 of header. A longer one
	// comes cut and is counted as malformed.
	packetRoom = 2048

	// socketBuffer is what a socket may hold, each way, in octets: a window of
	// packets for some thousand calls. The system may allow less.
	socketBuffer = 8 << 20
	// sendPatience bounds how long a full socket holds up who sends: a call's lock
	// may be held meanwhile. What it does not take then is lost, and counted.
	sendPatience = 100 * time.Millisecond
	// readPatience is how long a read waits for a packet before it returns none.
	readPatience = 250 * time.Millisecond
)

// A socket moves GRE packets, octets from the GRE header on, many in one call
// of the system. The two kinds are raw IP and UDP; faster ones may take their
// place.
type socket interface {
	// read waits for packets, not for ever, and fills b: perhaps with none. Only
	// one goroutine reads. An error means that the socket is closed, or that this
	// read failed.
	read(b *batch) error
	// write sends packets, which it does not keep, in their order; any goroutine
	// may. It returns how many went, and why the first that did not stayed.
	write(packets [][]byte, to *target) (sent int, err error)
	// addr is where the socket is bound.
	addr() netip.AddrPort
	// close frees who reads, and waits for those who write.
	close() error
}

// A batch is what one read brings: packets, which alias its room and are good
// until the next read, and where each came from (port 0 for raw IP).
type batch struct {
	packets [][]byte
	from    []netip.AddrPort
	room    room
}

func newBatch() *batch {
	return &batch{packets: make([][]byte, 0, batchPackets), from: make([]netip.AddrPort, 0, batchPackets)}
}

func (b *batch) clear() { b.packets, b.from = b.packets[:0], b.from[:0] }

func (b *batch) add(packet []byte, from netip.AddrPort) {
	b.packets, b.from = append(b.packets, packet), append(b.from, from)
}

// A target is where a call's packets go, and from which of our addresses: on a
// host with several, that of the control connection.
type target struct {
	to    netip.AddrPort
	route route // the same in the system's form
}

func newTarget(local netip.Addr, to netip.AddrPort) *target {
	return &target{to, newRoute(local, to)}
}

// openError puts the usual failures of raw GRE into a sentence.
func openError(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("GRE needs the privilege CAP_NET_RAW: run as root or give it to the program; `transport = \"udp\"` works without it: %w", err)
	}
	return fmt.Errorf("GRE: %w", err)
}

// The IPv4 header of RFC 791 as far as a raw socket's reader looks at it.
const (
	ipHeader = 20
	ipSource = 12
)

// cutHeader takes off the IPv4 header, which the packets of a raw socket have.
func cutHeader(octets []byte) (packet []byte, from netip.AddrPort, ok bool) {
	if len(octets) < ipHeader || octets[0]>>4 != 4 {
		return nil, netip.AddrPort{}, false
	}
	header := int(octets[0]&0x0F) << 2
	if header < ipHeader || header > len(octets) {
		return nil, netip.AddrPort{}, false
	}
	source := netip.AddrFrom4([4]byte(octets[ipSource:]))
	return octets[header:], netip.AddrPortFrom(source, 0), true
}
